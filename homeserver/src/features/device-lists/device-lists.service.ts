import { type DeviceId, type ServerName, serverOf, type UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Outbox } from '../../federation/outbox/outbox.ts';
import type { RoomNid } from '../../rooms/model.ts';
import type { Database, ReadTx, Tx } from '../../storage/database.ts';
import { LastChanges } from '../../streams/last-changes.ts';
import type { Notifier } from '../../streams/notifier.ts';
import type { SequencedStream } from '../../streams/sequenced-stream.ts';
import type { Position, Stream } from '../../streams/stream.ts';
import { deviceListsStore as store, type Neighbours } from './device-lists.store.ts';

export interface DeviceListsDeps {
  readonly db: Database;
  readonly serverName: ServerName;
  readonly stream: SequencedStream;
  readonly notifier: Notifier;
  readonly outbox: Pick<Outbox, 'keepEdu'>;
}

interface Device {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
}

const nameOf = ({ userId, deviceId }: Device): string => `${userId} ${deviceId}`;

/** What other servers are told of a device of ours. */
export interface DeviceUpdate {
  readonly deviceId: DeviceId;
  /** Absent for a device that is gone. */
  readonly keys: JsonObject | undefined;
}

/**
 * Whose devices and keys have changed: told to whoever shares a room with them, here and on other servers.
 */
export class DeviceLists {
  readonly #deps: DeviceListsDeps;
  /** Users who changed something, and those who verified somebody. */
  readonly #users: LastChanges<UserId>;
  /** Rooms that such users are in. */
  readonly #rooms: LastChanges<RoomNid>;
  /** Devices that others have taken keys of. */
  readonly #counts: LastChanges<string>;

  constructor(deps: DeviceListsDeps) {
    this.#deps = deps;
    this.#users = new LastChanges(deps.stream.settled);
    this.#rooms = new LastChanges(deps.stream.settled);
    this.#counts = new LastChanges(deps.stream.settled);
  }

  get stream(): Stream {
    return this.#deps.stream;
  }

  /** Lets nobody else change the user's keys until the transaction ends. */
  async lock(tx: Tx, user: UserId): Promise<void> {
    await store.lockTold(tx, user);
  }

  /** The last update that other servers were told of, which is the version of the user's list. */
  version(tx: ReadTx, user: UserId): Promise<number> {
    return store.told(tx, user);
  }

  /** Devices of a user of ours have other keys, or are gone. */
  async devicesChanged(tx: Tx, user: UserId, updates: readonly DeviceUpdate[]): Promise<void> {
    if (updates.length === 0) return;
    const { outbox } = this.#deps;
    const around = await this.#neighbours(tx, user);
    // Locked first: positions must follow each other as the updates do, or one would be taken for an old one.
    let told = await store.lockTold(tx, user);
    for (const { deviceId, keys } of updates) {
      const streamId = await this.#claim(tx, [user], around);
      const content = {
        user_id: user,
        device_id: deviceId,
        stream_id: streamId,
        prev_id: told === 0 ? [] : [told],
        ...(keys ? { keys } : { deleted: true }),
      };
      const key = JSON.stringify(['device', user, deviceId]);
      await outbox.keepEdu(tx, around.servers, { edu_type: 'm.device_list_update', content }, key);
      told = streamId;
    }
    await store.putTold(tx, user, told);
    await store.putChange(tx, [user], told as Position);
  }

  /** A user of ours has other keys for cross-signing, or other signatures on them. */
  async identityChanged(tx: Tx, user: UserId, keys: JsonObject): Promise<void> {
    const around = await this.#neighbours(tx, user);
    await store.lockTold(tx, user);
    const position = await this.#claim(tx, [user], around);
    await store.putChange(tx, [user], position);
    const content = { user_id: user, ...keys };
    const edu = { edu_type: 'm.signing_key_update', content };
    await this.#deps.outbox.keepEdu(tx, around.servers, edu, JSON.stringify(['signing keys', user]));
  }

  /** A user of ours has signed others' keys, which is news for nobody else. */
  async hasSigned(tx: Tx, signer: UserId, signed: readonly UserId[]): Promise<void> {
    const position = await this.#claim(tx, [signer], { rooms: [], servers: [], local: [signer] });
    await store.putSigned(tx, signer, signed, position);
  }

  /** What users of this server see of somebody's devices has changed: it is told to no other server. */
  async changedHere(tx: Tx, user: UserId): Promise<void> {
    const around = await this.#neighbours(tx, user);
    // Strangers may be made up.
    if (around.rooms.length > 0 || serverOf(user) === this.#deps.serverName)
      await store.putChange(tx, [user], await this.#claim(tx, [user], around));
  }

  /** Others have taken keys of devices of ours: these have to hear how many are left. */
  async countsChanged(tx: Tx, devices: readonly Device[]): Promise<void> {
    if (devices.length === 0) return;
    const { notifier, stream } = this.#deps;
    const position = await stream.claimNext(tx);
    tx.afterEnd((outcome) => {
      if (outcome === 'committed') for (const device of devices) this.#counts.note(nameOf(device), position);
      stream.release(position);
    });
    tx.afterCommit(() => {
      stream.whenSettled(position, () => notifier.wake(new Set(devices.map(({ userId }) => userId))));
    });
  }

  /** From memory. What was before the start is told with the next answer, whenever that is. */
  haveCountsChanged(device: Device, after: Position): boolean {
    return this.#counts.reaches(after) && this.#counts.mayHaveChanged(nameOf(device), after);
  }

  /** Tells servers of a room that somebody of ours has come into, so that they ask for what they do not have. */
  async tellOf(tx: Tx, user: UserId, device: DeviceUpdate, servers: readonly ServerName[]): Promise<void> {
    const told = await store.told(tx, user);
    const content = {
      user_id: user,
      device_id: device.deviceId,
      stream_id: told,
      prev_id: [],
      ...(device.keys && { keys: device.keys }),
    };
    await this.#deps.outbox.keepEdu(tx, servers, { edu_type: 'm.device_list_update', content });
  }

  /** Answers from memory; wrong only in saying yes. */
  mayHaveChanged(reader: UserId, rooms: Iterable<RoomNid>, after: Position): boolean {
    if (this.#users.mayHaveChanged(reader, after)) return true;
    for (const nid of rooms) if (this.#rooms.mayHaveChanged(nid, after)) return true;
    return false;
  }

  #neighbours(tx: Tx, user: UserId): Promise<Neighbours> {
    return store.neighbours(tx, user, this.#deps.serverName);
  }

  /** A place in the stream for a change of these users; whoever is concerned hears of it once it is durable. */
  async #claim(tx: Tx, users: readonly UserId[], { local, rooms }: Neighbours): Promise<Position> {
    const { notifier, stream } = this.#deps;
    const position = await stream.claimNext(tx);
    tx.afterEnd((outcome) => {
      if (outcome === 'committed') {
        for (const user of users) this.#users.note(user, position);
        for (const nid of rooms) this.#rooms.note(nid, position);
      }
      stream.release(position);
    });
    tx.afterCommit(() => stream.whenSettled(position, () => notifier.wake(new Set([...users, ...local]))));
    return position;
  }
}

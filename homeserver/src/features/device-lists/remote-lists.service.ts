import { type ServerName, serverOf, type UserId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';
import { getUserDevices } from '@holm/spec/server-server/user-keys';
import { canonicalJson } from '../../core/json/canonical.ts';
import type { FederationClient } from '../../federation/client/client.ts';
import { FederationError } from '../../federation/client/federation-error.ts';
import type { Background } from '../../platform/background.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { DeviceLists } from './device-lists.service.ts';
import { isOf, readCrossSigningKey, readDevice, readUpdate, type RemoteUpdate } from './remote-edu.ts';
import { type RemoteDevice, type RemoteIdentity, remoteListsStore as store } from './remote-lists.store.ts';

export interface RemoteListsDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly background: Background;
  readonly serverName: ServerName;
  readonly client: Pick<FederationClient, 'call'>;
  readonly lists: DeviceLists;
}

export interface KnownList extends RemoteIdentity {
  readonly devices: readonly RemoteDevice[];
}

/** Lists that are fetched at the same time. */
const AT_ONCE = 6;
const MAX_WAITING = 1_000;
const MAX_DEVICES = 1_000;
const MAX_BYTES = 8 * 1024 * 1024;
const TIMEOUT_MS = 20_000;
const RETRY_MS = { first: 60_000, most: 3_600_000 };

/**
 * Devices of users elsewhere, as their servers tell of them, for as long as they are in a room with somebody of ours.
 *
 * A list of which something was missed is marked stale and fetched anew, in the background; until then, whoever asks
 * for it is answered by the user's server: https://spec.matrix.org/latest/server-server-api/#device-management
 */
export class RemoteLists {
  readonly #deps: RemoteListsDeps;
  readonly #waiting = new Set<UserId>();
  readonly #fetching = new Set<UserId>();
  readonly #stop = new AbortController();

  constructor(deps: RemoteListsDeps) {
    this.#deps = deps;
  }

  /** Lists that are up to date. */
  async known(users: readonly UserId[]): Promise<ReadonlyMap<UserId, KnownList>> {
    if (users.length === 0) return new Map();
    const [identities, devices] = await this.#deps.db.read(async (tx) => {
      const identities = await store.identities(tx, users);
      return [
        identities,
        await store.devices(
          tx,
          identities.map(({ userId }) => userId),
        ),
      ] as const;
    });
    const byUser = Map.groupBy(devices, ({ userId }) => userId);
    return new Map(identities.map((one) => [one.userId, { ...one, devices: byUser.get(one.userId) ?? [] }]));
  }

  /** Somebody has asked for these, and will again: they are kept from now on, where we hear of changes. */
  async want(users: readonly UserId[]): Promise<void> {
    const { db, serverName } = this.#deps;
    for (const user of await store.want(db, serverName, users)) this.#fetchSoon(user);
  }

  /** A server tells of a change of one device. */
  async receive(origin: ServerName, edu: JsonObject): Promise<void> {
    const update = readUpdate(origin, edu);
    if (!update) return;
    const { db, lists } = this.#deps;
    const isMissing = await db.transact(async (tx) => {
      const status = await store.lock(tx, update.userId);
      if (status?.stale === false && (await isKnown(tx, update, status.streamId))) return false;
      await lists.changedHere(tx, update.userId);
      if (!status) return false;
      if (!status.stale && follows(update, status.streamId)) {
        await apply(tx, update);
        return false;
      }
      await store.markStale(tx, [update.userId]);
      return true;
    });
    if (isMissing) this.#fetchSoon(update.userId);
  }

  /** A server tells that a user has other keys for cross-signing. */
  async receiveIdentity(origin: ServerName, edu: JsonObject): Promise<void> {
    const { user_id: userId } = edu;
    if (!isOf(origin, userId)) return;
    const { db, lists } = this.#deps;
    const [master, selfSigning] = [edu['master_key'], edu['self_signing_key']].map((key) => keyText(userId, key));
    await db.transact(async (tx) => {
      await store.putIdentity(tx, { userId, master: master ?? null, selfSigning: selfSigning ?? null });
      await lists.changedHere(tx, userId);
    });
  }

  /** These have come into a room of ours: who knows what we were not told before. */
  async arrived(users: readonly UserId[]): Promise<void> {
    await store.markStale(this.#deps.db, users);
    await this.resume();
  }

  /** Nobody tells us of changes of those who are in no room of ours any more. Without `users`, looks at all. */
  async departed(users?: readonly UserId[]): Promise<void> {
    await store.forgetUnshared(this.#deps.db, this.#deps.serverName, users);
  }

  /** Fetches what is due: for the start, and for every minute. */
  async resume(): Promise<void> {
    const { db, clock } = this.#deps;
    for (const user of await store.due(db, clock.now(), MAX_WAITING)) this.#fetchSoon(user);
  }

  stop(): void {
    this.#stop.abort();
    this.#waiting.clear();
  }

  #fetchSoon(user: UserId): void {
    // What does not find a place is marked in the database, and comes up again.
    if (this.#stop.signal.aborted || this.#waiting.size >= MAX_WAITING) return;
    this.#waiting.add(user);
    this.#next();
  }

  #next(): void {
    for (const user of this.#waiting) {
      if (this.#fetching.size >= AT_ONCE) return;
      if (this.#fetching.has(user)) continue;
      this.#waiting.delete(user);
      this.#fetching.add(user);
      this.#deps.background.run('fetch a device list', () =>
        this.#fetch(user).finally(() => {
          this.#fetching.delete(user);
          this.#next();
        }),
      );
    }
  }

  async #fetch(user: UserId): Promise<void> {
    const { db, client } = this.#deps;
    const before = await store.status(db, user);
    if (!before?.stale) return;
    try {
      const answer = await client.call(serverOf(user), getUserDevices, {
        params: { userId: user },
        timeoutMs: TIMEOUT_MS,
        maxBytes: MAX_BYTES,
        signal: this.#stop.signal,
      });
      await db.transact((tx) => this.#replace(tx, user, { ...answer, marked: before.marked }));
    } catch (error) {
      if (!(error instanceof FederationError)) throw error;
      await this.#failed(user, error, before.attempts);
    }
  }

  async #replace(
    tx: Tx,
    user: UserId,
    answer: { stream_id: number; devices: readonly Json[]; marked: number; master_key?: Json; self_signing_key?: Json },
  ): Promise<void> {
    const status = await store.lock(tx, user);
    if (!status) return;
    const devices = answer.devices.slice(0, MAX_DEVICES).flatMap((device) => {
      const read = readDevice(user, device);
      return read?.keys ? [{ ...read, json: JSON.stringify(read.keys) }] : [];
    });
    const [master, selfSigning] = [answer.master_key, answer.self_signing_key].map((key) => keyText(user, key));
    await store.replace(
      tx,
      { userId: user, master: master ?? null, selfSigning: selfSigning ?? null },
      { streamId: answer.stream_id, marked: answer.marked, devices },
    );
    if (status.marked !== answer.marked) tx.afterCommit(() => this.#fetchSoon(user));
    // Whoever asked in the meantime was not answered.
    if (status.attempts > 0) await this.#deps.lists.changedHere(tx, user);
  }

  async #failed(user: UserId, error: FederationError, attempts: number): Promise<void> {
    const { db, clock } = this.#deps;
    if (this.#stop.signal.aborted) return;
    if (error.failure === 'refused' && error.status === 404) {
      await store.remove(db, user);
      return;
    }
    const pause = Math.min(RETRY_MS.first * 2 ** Math.min(attempts, 10), RETRY_MS.most);
    await store.putOff(db, user, clock.now() + pause);
  }
}

/** Whether this update, or a later one, is in the list already. */
const isKnown = async (tx: Tx, update: RemoteUpdate, streamId: number | null): Promise<boolean> => {
  if (streamId === null || update.streamId > streamId) return false;
  // With one that refers to none, a sequence begins: its numbers are not those of another. Conduit and its kin begin one with each
  // update, all of the same number and of no device that there is, and leave it to others to ask.
  return update.previous.length > 0 || (update.streamId === streamId && (await saysTheSame(tx, update)));
};

const saysTheSame = async (tx: Tx, { userId, deviceId, keys }: RemoteUpdate): Promise<boolean> => {
  const known = await store.device(tx, userId, deviceId);
  if (!known || !keys) return false;
  return canonicalJson(JSON.parse(known.json) as JsonObject, 'lenient') === canonicalJson(keys, 'lenient');
};

/** Whether nothing lies between what is known and this update. */
const follows = ({ previous }: RemoteUpdate, streamId: number | null): boolean =>
  streamId !== null && previous.includes(streamId) && previous.every((id) => id <= streamId);

const apply = async (tx: Tx, { userId, deviceId, keys, displayName, streamId }: RemoteUpdate): Promise<void> => {
  if (keys) await store.putDevice(tx, { userId, deviceId, json: JSON.stringify(keys), displayName }, MAX_DEVICES);
  else await store.removeDevice(tx, userId, deviceId);
  await store.moveOn(tx, userId, streamId);
};

const keyText = (user: UserId, key: Json | undefined): string | undefined => {
  const read = readCrossSigningKey(user, key);
  return read && JSON.stringify(read);
};

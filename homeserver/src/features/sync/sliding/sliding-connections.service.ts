import type { DeviceId, UserId } from '@holm/spec/ids';
import type { LRUCache } from 'lru-cache';
import type { Background } from '../../../platform/background.ts';
import type { Clock } from '../../../platform/clock.ts';
import { type Entropy, token } from '../../../platform/entropy.ts';
import type { IdleCaches } from '../../../platform/idle-caches.ts';
import { Rounds } from '../../../platform/rounds.ts';
import { type Soon, soon } from '../../../platform/soon.ts';
import type { RoomNid } from '../../../rooms/model.ts';
import type { Database } from '../../../storage/database.ts';
import { Connection, type Saved, type Sent, type Told } from './connection.ts';
import type { ConnectionKey } from './connection-key.ts';
import { type ConnectionWrite, slidingConnectionsStore as store } from './sliding-connections.store.ts';

export interface SlidingConnectionsDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly background: Background;
  readonly idle: IdleCaches;
  /** What connections take in memory, all together. */
  readonly connectionBytes: number;
}

/** A connection that is larger than that part of what all may take counts as that: it is kept, too. */
const LARGEST_PART = 8;
/** Of one device; each more takes the place of the one that has not been used for longest. */
const MAX_PER_DEVICE = 20;
const WRITE_EVERY_MS = 1_000;
const WRITE_USED_MS = 60_000;
const KEPT_MS = 30 * 86_400_000;
const EPOCH_LENGTH = 12;
const AT_ONCE = 200;

interface Gone {
  readonly userId: UserId;
  readonly deviceIds: readonly DeviceId[];
}

interface Open {
  readonly key: ConnectionKey;
  readonly connection: Connection;
}

/**
 * Connections of sliding sync, in memory and written behind: at a stop all of them, otherwise now and then. After a
 * crash what was told last is told again.
 */
export class SlidingConnections implements AsyncDisposable {
  readonly #deps: SlidingConnectionsDeps;
  readonly #rounds: Rounds;
  /** Of clients that have asked lately: what another one has been told is read again when it comes back. */
  readonly #open: LRUCache<string, Open>;
  readonly #byDevice = new Map<string, Set<string>>();
  /** Those that have been pushed out of memory stay here until they are written down. */
  readonly #unwritten = new Map<string, Open>();
  #writing: Promise<void> | undefined;

  constructor(deps: SlidingConnectionsDeps) {
    this.#deps = deps;
    const largest = Math.floor(deps.connectionBytes / LARGEST_PART);
    this.#open = deps.idle.create<string, Open>({
      maxSize: Math.floor(deps.connectionBytes),
      sizeCalculation: ({ connection }) => Math.min(connection.bytes, largest),
      dispose: ({ key }, _, reason) => {
        if (reason !== 'set') this.#leave(key);
      },
    });
    const work = (): Promise<void> => this.write();
    this.#rounds = new Rounds({ ...deps, name: 'write down connections', everyMs: WRITE_EVERY_MS, work });
  }

  /** A new connection, in the place of any that had the same name. */
  start(key: ConnectionKey): Connection {
    const connection = Connection.fresh(token(this.#deps.entropy, EPOCH_LENGTH));
    this.#keep({ key, connection });
    return connection;
  }

  /** `goOn` is given it at once: no other takes its place in between. */
  find<Next>(key: ConnectionKey, goOn: (connection: Connection | undefined) => Next): Soon<Next> {
    const { name } = key;
    const known = this.#open.get(name) ?? this.#unwritten.get(name);
    return soon(known?.connection ?? this.#read(key), (connection) => {
      // Whoever else read it meanwhile has it already.
      const open = this.#open.get(name);
      const now = open?.connection ?? connection;
      if (open) this.#touch(key);
      else if (now) this.#keep({ key, connection: now });
      return goOn(now);
    });
  }

  /** Something has changed: it is written down soon. */
  changed(key: ConnectionKey, connection: Connection): void {
    this.#keep({ key, connection });
    this.#unwritten.set(key.name, { key, connection });
    this.#rounds.ask();
  }

  /** It knows positions that are newer, which clients keep for us; how far it has come is written down now and then. */
  used(key: ConnectionKey, connection: Connection): void {
    if (this.#deps.clock.now() - connection.writtenAt >= WRITE_USED_MS) this.changed(key, connection);
  }

  /** Writes down all that has changed. */
  async write(): Promise<void> {
    await this.#writing;
    this.#writing = this.#writeAll().finally(() => (this.#writing = undefined));
    await this.#writing;
  }

  /** All that has changed is written down then. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rounds[Symbol.asyncDispose]();
  }

  /** Those of devices that are gone. What was written down of them goes with the device. */
  forget({ userId, deviceIds }: Gone): void {
    for (const deviceId of deviceIds) {
      for (const name of [...(this.#byDevice.get(deviceOf({ userId, deviceId })) ?? [])]) this.#open.delete(name);
    }
  }

  /** Those that nobody uses any more. */
  trim(): Promise<void> {
    return store.trim(this.#deps.db, this.#deps.clock.now() - KEPT_MS);
  }

  #keep(open: Open): void {
    this.#open.set(open.key.name, open);
    const names = this.#touch(open.key);
    const [oldest] = names.size > MAX_PER_DEVICE ? names : [];
    if (oldest !== undefined) this.#open.delete(oldest);
  }

  /** Of its device it is the one that was used last. */
  #touch(key: ConnectionKey): Set<string> {
    const { name } = key;
    const device = deviceOf(key);
    const names = this.#byDevice.get(device) ?? new Set();
    if (names.size === 1 && names.has(name)) return names;
    this.#byDevice.set(device, names);
    names.delete(name);
    names.add(name);
    return names;
  }

  #leave(key: ConnectionKey): void {
    const device = deviceOf(key);
    const names = this.#byDevice.get(device);
    names?.delete(key.name);
    if (names?.size === 0) this.#byDevice.delete(device);
  }

  async #read(key: ConnectionKey): Promise<Connection | undefined> {
    const row = await store.get(this.#deps.db, key);
    if (!row) return undefined;
    const rooms = await store.rooms(this.#deps.db, row.connection);
    const told = new Map(rooms.map((room) => [room.room_nid, reviveTold(JSON.parse(room.told) as Written)]));
    const connection = new Connection(revive(row.state), told);
    return connection;
  }

  async #writeAll(): Promise<void> {
    while (this.#unwritten.size > 0) await this.#writeSome([...this.#unwritten.values()].slice(0, AT_ONCE));
  }

  /** Until it has succeeded they count as unwritten, and nobody reads what is there. */
  async #writeSome(some: readonly Open[]): Promise<void> {
    const taken = some.map((open) => this.#take(open));
    try {
      await this.#deps.db.transact((tx) =>
        store.put(
          tx,
          taken.map(({ write }) => write),
        ),
      );
    } catch (error) {
      for (const { putBack } of taken) putBack();
      this.#rounds.ask();
      throw error;
    }
    for (const open of some) {
      const { name } = open.key;
      if (this.#unwritten.get(name) === open) this.#unwritten.delete(name);
    }
  }

  /** What there is to write of one; what changes from here on is written the next time. */
  #take({ key, connection }: Open): { readonly write: ConnectionWrite; readonly putBack: () => void } {
    const now = this.#deps.clock.now();
    const { epoch, writtenAt } = connection;
    const dirty = [...connection.dirty];
    const rooms = dirty.flatMap((nid) => {
      const told = connection.rooms.get(nid);
      return told ? [[nid, JSON.stringify(told)] as const] : [];
    });
    connection.dirty.clear();
    connection.writtenAt = now;
    const putBack = (): void => {
      for (const nid of dirty) connection.dirty.add(nid);
      connection.writtenAt = writtenAt;
    };
    return { write: { ...key, epoch, usedAt: now, state: stateText(connection.save()), rooms }, putBack };
  }
}

const deviceOf = ({ userId, deviceId }: Pick<ConnectionKey, 'userId' | 'deviceId'>): string => `${userId} ${deviceId}`;

const stateText = (saved: Saved): string =>
  JSON.stringify({ ...saved, sent: saved.sent && { ...saved.sent, rooms: [...saved.sent.rooms] } });

const revive = (text: string): Saved => {
  const saved = JSON.parse(text) as Omit<Saved, 'sent'> & {
    readonly sent?: Omit<Sent, 'rooms'> & { readonly rooms: readonly (readonly [RoomNid, Written])[] };
  };
  if (!saved.sent) return { ...saved, sent: undefined };
  const rooms = [...saved.sent.rooms].map(([nid, told]) => [nid, reviveTold(told)] as const);
  return { ...saved, sent: { ...saved.sent, rooms: new Map(rooms) } };
};

/** JSON knows no infinity. */
type Written = Omit<Told, 'limit'> & { readonly limit: number | null };

const reviveTold = (told: Written): Told => ({ ...told, limit: told.limit ?? Infinity });

import { MatrixError } from '@holm/spec/errors';
import { isObject, type Json } from '@holm/spec/json';
import { LRUCache } from 'lru-cache';
import { assertCanonical } from '../../core/json/assert-canonical.ts';
import { atMost } from '../../platform/at-most.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Tx } from '../../storage/database.ts';
import { Gather } from '../../storage/gather.ts';
import type { KeyCounts } from '../../streams/sync-part.ts';
import type { DeviceLists } from '../device-lists/index.ts';
import {
  type DeviceAddress,
  type Given,
  type Key,
  type KeysLeft,
  oneTimeKeysStore as store,
  type Wanted,
} from './one-time-keys.store.ts';
import { isSameJson } from './signed-keys.ts';

const REMEMBERED = 50_000;
/** Clients keep fifty to a hundred. */
const MAX_KEYS = 1_000;
const MAX_PER_UPLOAD = 250;
const MAX_KEY_BYTES = 4_096;
const MAX_NAME = 255;
/** An upload whose answer got lost is repeated within this time. */
const CLAIMED_KEPT_MS = 30 * 86_400_000;

export interface OneTimeKeysDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly lists: Pick<DeviceLists, 'countsChanged'>;
}

/** Keys that devices publish for others to take, each of which is given away once, and what stands in when none is left. */
export class OneTimeKeys {
  readonly #deps: OneTimeKeysDeps;
  readonly #counts = new LRUCache<string, Promise<KeyCounts>>(atMost(REMEMBERED));

  /** Of devices that come at the same time. */
  readonly #left: Gather<DeviceAddress, KeysLeft>;

  constructor(deps: OneTimeKeysDeps) {
    this.#deps = deps;
    this.#left = new Gather((devices) => store.left(deps.db, devices), 'round');
  }

  /** Adds keys of a device. All of them or none. */
  async add(tx: Tx, of: DeviceAddress, keys: readonly Key[], fallback: readonly Key[]): Promise<void> {
    tx.afterEnd(() => this.#counts.delete(nameOf(of)));
    if (keys.length > 0) {
      const known = new Map((await store.found(tx, of, keys)).map((key) => [idOf(key), key]));
      for (const key of keys) {
        const before = known.get(idOf(key));
        // A client recognises this by its first and last words, and forgets the key.
        if (before && !isSameJson(before.key, key.key)) {
          throw new MatrixError('M_INVALID_PARAM', `One time key ${idOf(key)} already exists`);
        }
      }
      await store.put(tx, of, keys);
      const total = [...(await store.counts(tx, of)).values()].reduce((sum, count) => sum + count, 0);
      if (total > MAX_KEYS) throw new MatrixError('M_LIMIT_EXCEEDED', 'a device keeps at most 1000 one-time keys here');
    }
    if (fallback.length > 0) await store.putFallback(tx, of, fallback);
  }

  /** What a device has left, from memory unless something has changed. */
  counts(of: DeviceAddress): Promise<KeyCounts> {
    const name = nameOf(of);
    const known = this.#counts.get(name);
    if (known) return known;
    const read = this.#read(of);
    this.#counts.set(name, read);
    read.catch(() => this.#counts.delete(name)); // whoever waits for it hears of it, too
    return read;
  }

  /** Gives away a key of each device that is wanted, in the order in which they were uploaded. */
  async claim(wanted: readonly Wanted[]): Promise<Given[]> {
    if (wanted.length === 0) return [];
    const { db, clock, lists } = this.#deps;
    return db.transact(async (tx) => {
      const given = await store.take(tx, wanted, clock.now());
      const done = new Set(given.map(wantOf));
      const missing = wanted.filter((one) => !done.has(wantOf(one)));
      const all = missing.length === 0 ? given : [...given, ...(await store.takeFallback(tx, missing))];
      tx.afterEnd(() => {
        for (const one of all) this.#counts.delete(nameOf(one));
      });
      await lists.countsChanged(tx, all);
      return all;
    });
  }

  async trim(): Promise<void> {
    await store.forget(this.#deps.db, this.#deps.clock.now() - CLAIMED_KEPT_MS);
  }

  async #read(of: DeviceAddress): Promise<KeyCounts> {
    const { oneTime = {}, unusedFallback = [] } = (await this.#left.load([of])).get(of) ?? {};
    // Clients that have used up all keys must hear of it.
    return { oneTime: { signed_curve25519: 0, ...oneTime }, unusedFallback };
  }
}

const nameOf = ({ userId, deviceId }: DeviceAddress): string => `${userId} ${deviceId}`;
const idOf = ({ algorithm, keyId }: Key): string => `${algorithm}:${keyId}`;
const wantOf = ({ userId, deviceId, algorithm }: Wanted): string => JSON.stringify([userId, deviceId, algorithm]);

/** Keys as a client uploads them, by `algorithm:id`. */
export const readKeys = (byName: Readonly<Record<string, Json>>): Key[] => {
  const entries = Object.entries(byName);
  if (entries.length > MAX_PER_UPLOAD) throw new MatrixError('M_INVALID_PARAM', 'at most 250 keys at a time');
  return entries.map(([name, key]) => {
    const [algorithm = '', keyId = '', ...rest] = name.split(':');
    const isNamed = algorithm !== '' && keyId !== '' && rest.length === 0;
    if (!isNamed || name.length > MAX_NAME || name.includes('\0')) {
      throw new MatrixError('M_INVALID_PARAM', 'a key is named algorithm:id');
    }
    assertCanonical({ [name]: key });
    assertKey(key);
    return { algorithm, keyId, key };
  });
};

const assertKey = (key: Json): void => {
  if (JSON.stringify(key).length > MAX_KEY_BYTES) throw new MatrixError('M_INVALID_PARAM', 'this key is too large');
  if (typeof key !== 'string' && !isObject(key)) throw new MatrixError('M_INVALID_PARAM', 'this is no key');
};

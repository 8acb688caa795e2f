import { MatrixError } from '@holm/spec/errors';
import { DeviceId, type UserId } from '@holm/spec/ids';
import { LRUCache } from 'lru-cache';
import type { Caller } from '../../http/route.ts';
import { atMost } from '../../platform/at-most.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Entropy } from '../../platform/entropy.ts';
import { SteadyClock } from '../../platform/steady-clock.ts';
import type { Database, Tx } from '../../storage/database.ts';
import { hashOfToken, isAccessToken, mintAccessToken, type TokenHash } from './access-token.ts';
import { accountsStore } from './accounts.store.ts';
import { LastSeen, type Origin } from './last-seen.ts';
import { type Device, type EndedToken, sessionsStore as store } from './sessions.store.ts';
import { randomDeviceId } from './username.ts';

export interface SessionsDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly entropy: Entropy;
}

/** Access tokens that are worth nothing any more, and devices that are gone. */
export interface SessionsEnded {
  readonly userId: UserId;
  readonly deviceIds: readonly DeviceId[];
  readonly tokenIds: readonly number[];
}

/** Has something that belongs to devices. */
export interface DeviceListener {
  /** Before a device gets the name that its client asks for; throws where it may not have it. */
  readonly naming: (tx: Tx, userId: UserId, deviceId: DeviceId) => Promise<void>;
  readonly removing: (tx: Tx, userId: UserId, deviceIds: readonly DeviceId[]) => Promise<void>;
  readonly renamed: (tx: Tx, userId: UserId, deviceId: DeviceId) => Promise<void>;
}

export interface OpenedSession {
  readonly accessToken: string;
  readonly deviceId: DeviceId;
}

const CACHE_SIZE = 50_000;
const KEPT_HASHES = 10_000;

/**
 * How long a token is believed without asking the database. Within this process a session that ends is forgotten at
 * once; this bounds what another process, such as the command line, ends.
 */
const TRUST_MS = 10_000;

interface Known {
  readonly caller: Caller;
  readonly askedAt: number;
}

/** Who is logged in where. */
export class Sessions {
  readonly #deps: SessionsDeps;
  readonly #known = new LRUCache<TokenHash, Known>(atMost(CACHE_SIZE));
  /** Of tokens that were shown and are in use, in this process' memory only: to hash one again costs a twenty-fifth of a small request. */
  readonly #hashes = new Map<string, TokenHash>();
  readonly #lastSeen = new LastSeen();
  readonly #listeners: ((ended: SessionsEnded) => void)[] = [];
  readonly #deviceListeners: DeviceListener[] = [];
  readonly #steady: SteadyClock;
  /** Counts endings: an answer that was asked for before one may not be remembered after it. */
  #endings = 0;

  constructor(deps: SessionsDeps) {
    this.#deps = deps;
    this.#steady = new SteadyClock(deps.clock);
  }

  /** Tells of sessions once they have ended, so that what they have open ends too. */
  onSessionsEnd(listener: (ended: SessionsEnded) => void): void {
    this.#listeners.push(listener);
  }

  /** Tells of changes of devices within the transaction that makes them. */
  onDevicesChange(listener: DeviceListener): void {
    this.#deviceListeners.push(listener);
  }

  /** As `authenticate`, without waiting: for whom this process has asked the database a moment ago. */
  atHand(token: string, origin: Origin): Caller | undefined {
    const hash = this.#hashes.get(token);
    const caller = hash === undefined ? undefined : this.#remembered(hash);
    if (caller) this.#lastSeen.note(caller, origin, this.#deps.clock.now());
    return caller;
  }

  /** Whose token this is. M_MISSING_TOKEN without one, M_UNKNOWN_TOKEN for any that is not in use. */
  async authenticate(token: string | undefined, origin?: Origin): Promise<Caller> {
    if (token === undefined || token === '') throw new MatrixError('M_MISSING_TOKEN', 'an access token is needed');
    const hash = hashOfToken(token);
    const caller = this.#remembered(hash) ?? (isAccessToken(token) ? await this.#ask(hash) : undefined);
    // No soft_logout: tokens do not expire here, so one that is unknown belongs to a session that is over.
    if (!caller) throw new MatrixError('M_UNKNOWN_TOKEN', 'this access token is not in use');
    this.#keepHash(token, hash);
    if (origin) this.#lastSeen.note(caller, origin, this.#deps.clock.now());
    return caller;
  }

  /** Logs in: the device's earlier token ends. The caller has locked the account. */
  async open(tx: Tx, userId: UserId, device: { id?: string; displayName?: string }): Promise<OpenedSession> {
    const { clock, entropy } = this.#deps;
    const now = clock.now();
    const deviceId = DeviceId.parse(device.id ?? randomDeviceId(entropy));
    if (device.id !== undefined) for (const { naming } of this.#deviceListeners) await naming(tx, userId, deviceId);
    const replaced = await store.removeTokens(tx, userId, [deviceId]);
    await store.putDevice(tx, { userId, deviceId, displayName: device.displayName ?? null }, now);
    const accessToken = mintAccessToken(entropy);
    await store.putToken(tx, hashOfToken(accessToken), { userId, deviceId }, now);
    if (replaced.length > 0) tx.afterCommit(() => this.#tell({ userId, deviceIds: [] }, replaced));
    return { accessToken, deviceId };
  }

  /** Logs these devices out and removes them; those that do not exist are gone already. */
  async end(userId: UserId, deviceIds: readonly DeviceId[]): Promise<void> {
    await this.#deps.db.transact(async (tx) => {
      await accountsStore.lock(tx, userId);
      await this.#end(tx, userId, deviceIds);
    });
  }

  async endAll(userId: UserId): Promise<void> {
    await this.#deps.db.transact(async (tx) => {
      await accountsStore.lock(tx, userId);
      await this.endOthers(tx, userId, undefined);
    });
  }

  /** All but one device. The caller has locked the account. */
  async endOthers(tx: Tx, userId: UserId, keep: DeviceId | undefined): Promise<void> {
    const all = (await store.devices(tx, userId)).map(({ deviceId }) => deviceId);
    await this.#end(
      tx,
      userId,
      all.filter((deviceId) => deviceId !== keep),
    );
  }

  /** Those of these tokens that are in use, asked of the database: another process may have ended some. */
  inUse(tokenIds: readonly number[]): Promise<ReadonlySet<number>> {
    return store.inUse(this.#deps.db, tokenIds);
  }

  async devices(userId: UserId): Promise<Device[]> {
    const devices = await store.devices(this.#deps.db, userId);
    const unwritten = this.#lastSeen.of(userId);
    return devices.map((device) => {
      const seen = unwritten.get(device.deviceId);
      return seen ? { ...device, lastSeenAt: seen.at, lastSeenIp: seen.address } : device;
    });
  }

  /** False when there is no such device. */
  rename(userId: UserId, deviceId: DeviceId, displayName: string): Promise<boolean> {
    return this.#deps.db.transact(async (tx) => {
      const isFound = await store.rename(tx, userId, deviceId, displayName);
      if (isFound) for (const { renamed } of this.#deviceListeners) await renamed(tx, userId, deviceId);
      return isFound;
    });
  }

  /** Writes down who was seen since the last time. Meant for every few minutes, and for the end. */
  async writeLastSeen(): Promise<void> {
    const sightings = this.#lastSeen.take();
    if (sightings.length > 0) await this.#deps.db.transact((tx) => store.putLastSeen(tx, sightings));
  }

  #keepHash(token: string, hash: TokenHash): void {
    if (this.#hashes.size >= KEPT_HASHES) this.#hashes.clear();
    this.#hashes.set(token, hash);
  }

  #remembered(hash: TokenHash): Caller | undefined {
    const known = this.#known.get(hash);
    return known && this.#steady.now() - known.askedAt < TRUST_MS ? known.caller : undefined;
  }

  async #ask(hash: TokenHash): Promise<Caller | undefined> {
    const endings = this.#endings;
    const askedAt = this.#steady.now();
    const caller = await store.byToken(this.#deps.db, hash);
    if (!caller) {
      this.#endedElsewhere(hash);
    } else if (endings === this.#endings) {
      this.#known.set(hash, { caller, askedAt });
    }
    return caller;
  }

  /** Another process ended a session that was alive here a moment ago. */
  #endedElsewhere(hash: TokenHash): void {
    const known = this.#known.get(hash);
    if (!known) return;
    // Whether the device is gone too is not known here: its token may only have been replaced.
    this.#tell({ userId: known.caller.userId, deviceIds: [] }, [{ tokenId: known.caller.tokenId, hash }]);
  }

  async #end(tx: Tx, userId: UserId, deviceIds: readonly DeviceId[]): Promise<void> {
    const ended = await store.removeTokens(tx, userId, deviceIds);
    for (const { removing } of this.#deviceListeners) await removing(tx, userId, deviceIds);
    await store.removeDevices(tx, userId, deviceIds);
    tx.afterCommit(() => this.#tell({ userId, deviceIds }, ended));
  }

  #tell(whose: Omit<SessionsEnded, 'tokenIds'>, tokens: readonly EndedToken[]): void {
    this.#endings++;
    for (const { hash, tokenId } of tokens) {
      this.#known.delete(hash);
      this.#lastSeen.forget(tokenId);
    }
    const ended: SessionsEnded = { ...whose, tokenIds: tokens.map(({ tokenId }) => tokenId) };
    for (const listener of this.#listeners) listener(ended);
  }
}

import type { ServerName } from '@holm/spec/ids';
import { isObject, type JsonObject } from '@holm/spec/json';
import { LRUCache } from 'lru-cache';
import type { VerifyKey } from '../../core/crypto/keys.ts';
import { atMost } from '../../platform/at-most.ts';
import type { Background } from '../../platform/background.ts';
import type { Clock, UnixMillis } from '../../platform/clock.ts';
import type { Database } from '../../storage/database.ts';
import type { KeyFetcher } from './key-fetcher.ts';
import { keysStore, type StoredAnswer } from './keys.store.ts';
import { isUsable, type KeyAnswer, type KeyUse, type KnownKey, toVerifyKey } from './server-keys.ts';

export interface KeyDirectoryDeps {
  readonly db: Database;
  readonly fetcher: Pick<KeyFetcher, 'direct' | 'fromNotaries'>;
  readonly clock: Clock;
  readonly background: Background;
  /** Told of each server that has said what its keys are. */
  readonly listeners: readonly ((server: ServerName) => void)[];
}

/** What somebody wants to know of a server. */
export interface KeysAsked {
  readonly minimumValidUntil: number;
  readonly keyIds: readonly string[];
}

interface Entry {
  readonly known: KnownKey;
  readonly key: VerifyKey;
}

type Entries = ReadonlyMap<string, Entry>;

const MAX_SERVERS = 10_000;
/** How soon a server that answered is asked again, when something is signed with a key that it did not mention. */
const AFTER_ANSWER_MS = 10_000;
const AFTER_FIRST_FAILURE_MS = 2_000;
const MAX_AFTER_FAILURE_MS = 3_600_000;
/** Who speaks to us is there again, however often it did not answer before; but anybody can use its name. */
const MAX_WHEN_IT_SPEAKS_MS = 60_000;

/** When a server was asked last, and for how long it is left alone. */
interface Attempt {
  readonly at: number;
  readonly pauseMs: number;
  readonly failures: number;
}

/** The keys of other servers: in memory, in the database, and at the servers themselves. */
export class KeyDirectory {
  readonly #deps: KeyDirectoryDeps;
  readonly #entries = new LRUCache<ServerName, Entries>(atMost(MAX_SERVERS));
  readonly #attempts = new LRUCache<ServerName, Attempt>(atMost(MAX_SERVERS));
  readonly #fetching = new Map<ServerName, Promise<void>>();

  constructor(deps: KeyDirectoryDeps) {
    this.#deps = deps;
  }

  /** Those of the keys that are known and good for the use; the server is asked when none is. */
  async keysFor(server: ServerName, keyIds: readonly string[], use: KeyUse): Promise<ReadonlyMap<string, VerifyKey>> {
    if (keyIds.length === 0) return new Map();
    const known = usable(await this.#known(server), keyIds, use);
    if (known.size > 0) {
      this.#refreshEarly(server, known);
      return keysIn(known);
    }
    await this.refresh(server, use.for === 'request' ? MAX_WHEN_IT_SPEAKS_MS : MAX_AFTER_FAILURE_MS);
    return keysIn(usable(await this.#known(server), keyIds, use));
  }

  /** Whether the server has said since then what its keys are: others it has not, whoever signs with them. */
  hasAnswered(server: ServerName, since: UnixMillis): boolean {
    const attempt = this.#attempts.get(server);
    return attempt !== undefined && attempt.failures === 0 && attempt.at >= since;
  }

  /** The server's own signed answer, as new as can be had where it is too old or says nothing of one of the keys. */
  async answerOf(server: ServerName, { minimumValidUntil, keyIds }: KeysAsked): Promise<StoredAnswer | undefined> {
    const stored = await keysStore.answerOf(this.#deps.db, server);
    const isEnough = stored && keyIds.every((keyId) => isPublished(stored.json, keyId));
    if (isEnough && stored.validUntil >= minimumValidUntil) return stored;
    await this.refresh(server);
    return keysStore.answerOf(this.#deps.db, server);
  }

  /**
   * Asks for the server's keys, unless that was done a moment ago: the longer ago the more often it failed, up to
   * `maxPauseMs`. Many askers share one request.
   */
  refresh(server: ServerName, maxPauseMs = MAX_AFTER_FAILURE_MS): Promise<void> {
    const fetching = this.#fetching.get(server);
    if (fetching) return fetching;
    if (this.#isTooEarly(server, maxPauseMs)) return Promise.resolve();
    const fetch = this.#fetch(server).finally(() => this.#fetching.delete(server));
    this.#fetching.set(server, fetch);
    return fetch;
  }

  /** An attempt in the future was made before our clock was set back. */
  #isTooEarly(server: ServerName, maxPauseMs: number): boolean {
    const attempt = this.#attempts.get(server);
    if (!attempt) return false;
    const ago = this.#deps.clock.now() - attempt.at;
    return ago >= 0 && ago < Math.min(attempt.pauseMs, maxPauseMs);
  }

  async #fetch(server: ServerName): Promise<void> {
    const { fetcher, clock } = this.#deps;
    const answer =
      (await fetcher.direct(server)) ??
      (await fetcher.fromNotaries(server, (notary, keyIds) =>
        this.keysFor(notary, keyIds, { for: 'request', now: clock.now() }),
      ));
    if (answer) {
      await this.#remember(answer);
      this.#attempts.set(server, { at: clock.now(), pauseMs: AFTER_ANSWER_MS, failures: 0 });
      for (const listener of this.#deps.listeners) listener(server);
      return;
    }
    const failures = (this.#attempts.get(server)?.failures ?? 0) + 1;
    const pauseMs = Math.min(MAX_AFTER_FAILURE_MS, AFTER_FIRST_FAILURE_MS * 2 ** Math.min(failures - 1, 20));
    this.#attempts.set(server, { at: clock.now(), pauseMs, failures });
  }

  async #remember(answer: KeyAnswer): Promise<void> {
    const before = await this.#known(answer.serverName);
    await keysStore.put(this.#deps.db, answer);
    this.#entries.set(answer.serverName, new Map([...before, ...entriesOf(answer.keys)]));
  }

  async #known(server: ServerName): Promise<Entries> {
    const cached = this.#entries.get(server);
    if (cached) return cached;
    const entries = entriesOf(await keysStore.get(this.#deps.db, server));
    // An answer that arrived meanwhile is newer.
    const newer = this.#entries.get(server);
    if (newer) return newer;
    this.#entries.set(server, entries);
    return entries;
  }

  /** Past half of a key's life it is renewed in the background, so that no request ever waits for it. */
  #refreshEarly(server: ServerName, used: Entries): void {
    const now = this.#deps.clock.now();
    const isAging = ({ known }: Entry) =>
      !known.isOld && known.validUntil > now && now > (known.addedAt + known.validUntil) / 2;
    if ([...used.values()].some(isAging)) this.#deps.background.run('renew server keys', () => this.refresh(server));
  }
}

const isPublished = ({ verify_keys: current, old_verify_keys: old }: JsonObject, keyId: string): boolean =>
  [current, old].some((keys) => isObject(keys) && Object.hasOwn(keys, keyId));

const usable = (entries: Entries, keyIds: readonly string[], use: KeyUse): Entries =>
  new Map([...entries].filter(([keyId, { known }]) => keyIds.includes(keyId) && isUsable(known, use)));

const keysIn = (entries: Entries): ReadonlyMap<string, VerifyKey> =>
  new Map([...entries].map(([keyId, { key }]) => [keyId, key]));

const entriesOf = (keys: readonly KnownKey[]): Entries => {
  const entries = new Map<string, Entry>();
  for (const known of keys) {
    const key = toVerifyKey(known);
    if (key) entries.set(known.keyId, { known, key });
  }
  return entries;
};

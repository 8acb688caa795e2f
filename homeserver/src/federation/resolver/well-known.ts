import type { ServerName } from '@holm/spec/ids';
import { LRUCache } from 'lru-cache';
import { atMost } from '../../platform/at-most.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import {
  type CacheHeaders,
  errorLifetime,
  GRACE_MS,
  isPassing,
  lifetimeOf,
  parseWellKnown,
} from './well-known-rules.ts';

/** An answer to a plain GET. Redirects have been followed and the size limited by whoever fetched. */
export interface Fetched {
  readonly status: number;
  readonly headers: CacheHeaders;
  readonly text: string;
}

export interface WellKnownDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Gets `https://<host>/.well-known/matrix/server`; throws when there is no answer or a forbidden one. */
  readonly fetch: (url: string) => Promise<Fetched>;
}

interface Entry {
  readonly delegated: ServerName | undefined;
  readonly until: number;
  /** How long the web server may be in trouble until what it said is given up. */
  readonly graceUntil: number;
  readonly failures: number;
}

const MAX_ENTRIES = 10_000;

/** Remembers who delegates to whom, failures included. */
export class WellKnown {
  readonly #deps: WellKnownDeps;
  readonly #entries = new LRUCache<string, Entry>(atMost(MAX_ENTRIES));
  readonly #asking = new Map<string, Promise<ServerName | undefined>>();

  constructor(deps: WellKnownDeps) {
    this.#deps = deps;
  }

  /** The name that `host` delegates to, if it does. */
  async delegateOf(host: string): Promise<ServerName | undefined> {
    const known = this.#entries.get(host);
    if (known && known.until > this.#deps.clock.now()) return known.delegated;
    const asking = this.#asking.get(host) ?? this.#ask(host, known).finally(() => this.#asking.delete(host));
    this.#asking.set(host, asking);
    return asking;
  }

  async #ask(host: string, before: Entry | undefined): Promise<ServerName | undefined> {
    const { clock, log } = this.#deps;
    const answer = await this.#fetch(host);
    const delegated = answer?.status === 200 ? parseWellKnown(answer.text) : undefined;
    const now = clock.now();
    if (answer && delegated !== undefined) {
      const until = now + lifetimeOf(answer.headers, now);
      this.#entries.set(host, { delegated, until, graceUntil: until + GRACE_MS, failures: 0 });
      return delegated;
    }
    const failures = (before?.failures ?? 0) + 1;
    const kept = before && mayStay(before, answer, now) ? before : { delegated: undefined, graceUntil: now };
    log.debug('no delegation by well-known', { host, status: answer?.status, failures });
    this.#entries.set(host, { ...kept, until: now + errorLifetime(failures), failures });
    return kept.delegated;
  }

  async #fetch(host: string): Promise<Fetched | undefined> {
    const authority = host.includes(':') ? `[${host}]` : host;
    try {
      return await this.#deps.fetch(`https://${authority}/.well-known/matrix/server`);
    } catch (err) {
      this.#deps.log.debug('well-known cannot be fetched', { host, err });
      return undefined;
    }
  }
}

/** What was good a moment ago is better than nothing while the web server is in trouble. */
const mayStay = ({ graceUntil }: Entry, answer: Fetched | undefined, now: number): boolean =>
  (answer === undefined || isPassing(answer.status)) && now < graceUntil;

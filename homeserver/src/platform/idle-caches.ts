import { LRUCache } from 'lru-cache';
import { breathe } from './breathe.ts';
import type { Clock } from './clock.ts';

/** The longest that clients wait for an answer is far less: whoever asks no more has gone. */
const IDLE_MS = 30 * 60_000;

type Bounds<Key extends string, Value extends object> = Pick<
  LRUCache.OptionsSizeLimit<Key, Value, unknown>,
  'maxSize' | 'sizeCalculation' | 'dispose'
>;

/**
 * Makes caches of what belongs to people, and lets go of what nobody has asked for in half an hour, however much room there is: on a server
 * of thousands of accounts, most of those who were here today are not here now.
 */
export class IdleCaches {
  readonly #clock: Clock;
  readonly #made = new Set<{ purgeStale(): boolean }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** To look at something with `peek`, or `has`, is not to ask for it. */
  create<Key extends string, Value extends object>(bounds: Bounds<Key, Value>): LRUCache<Key, Value> {
    const age = { ttl: IDLE_MS, updateAgeOnGet: true, ttlResolution: 0, perf: this.#clock };
    const cache = new LRUCache<Key, Value>({ ...bounds, ...age });
    this.#made.add(cache);
    return cache;
  }

  /** To be called now and then. */
  async letGo(): Promise<void> {
    for (const cache of this.#made) {
      cache.purgeStale();
      await breathe();
    }
  }
}

import type { RateLimitClass } from '@holm/spec/endpoint';
import { MatrixError } from '@holm/spec/errors';
import type { Clock } from '../platform/clock.ts';
import { SteadyClock } from '../platform/steady-clock.ts';

export type LimitClass = RateLimitClass | 'federation' | 'policed';
export type Rate = 'off' | { readonly per_second: number; readonly burst: number };

/** Keys remembered per class. Whoever was quiet longest is forgotten first, which gives them a full bucket. */
const MAX_KEYS = 50_000;

/**
 * A token bucket for each class and key (a user, a server or an address).
 *
 * A bucket is one number: the time at which it would be full again (the generic cell rate algorithm).
 */
export class RateLimits {
  readonly #rates: Readonly<Record<LimitClass, Rate>>;
  readonly #clock: Clock;
  readonly #buckets = new Map<LimitClass, Map<string, number>>();

  constructor(rates: Readonly<Record<LimitClass, Rate>>, clock: Clock) {
    this.#rates = rates;
    this.#clock = new SteadyClock(clock);
  }

  /**
   * Takes a token, or throws `M_LIMIT_EXCEEDED` and says when there will be one. What costs more than one may leave the
   * bucket in debt.
   */
  take(limit: LimitClass, key: string, cost = 1): void {
    const rate = this.#rates[limit];
    if (rate === 'off') return;
    const full = this.#assertLeft(limit, key, rate);
    const buckets = this.#bucketsOf(limit);
    buckets.delete(key);
    buckets.set(key, full + cost * intervalOf(rate));
    if (buckets.size > MAX_KEYS) for (const oldest of buckets.keys()) return void buckets.delete(oldest);
  }

  /** As `take`, without taking anything: for what costs only those who turn out to be up to no good. */
  assertLeft(limit: LimitClass, key: string): void {
    const rate = this.#rates[limit];
    if (rate !== 'off') this.#assertLeft(limit, key, rate);
  }

  /** Gives the time at which the bucket will be full. */
  #assertLeft(limit: LimitClass, key: string, rate: Exclude<Rate, 'off'>): number {
    const now: number = this.#clock.now();
    const full = Math.max(this.#bucketsOf(limit).get(key) ?? now, now);
    const wait = full - now - intervalOf(rate) * (rate.burst - 1);
    if (wait > 0) throw limitExceeded(Math.ceil(wait));
    return full;
  }

  /** How many keys are remembered. */
  get size(): number {
    return [...this.#buckets.values()].reduce((sum, { size }) => sum + size, 0);
  }

  #bucketsOf(limit: LimitClass): Map<string, number> {
    let buckets = this.#buckets.get(limit);
    if (!buckets) this.#buckets.set(limit, (buckets = new Map<string, number>()));
    return buckets;
  }
}

const intervalOf = ({ per_second: perSecond }: Exclude<Rate, 'off'>): number => 1000 / perSecond;

const limitExceeded = (retryAfterMs: number): MatrixError =>
  new MatrixError('M_LIMIT_EXCEEDED', 'too many requests; wait a little', {
    extra: { retry_after_ms: retryAfterMs },
  });

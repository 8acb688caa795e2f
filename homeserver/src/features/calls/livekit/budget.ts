import type { Clock } from '../../../platform/clock.ts';

/** So many at once, and so many a second in the long run. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** What one connection may ask for. */
export class Budget {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #rate: Rate;
  /** When it would be whole again. */
  #whole = 0;

  constructor(clock: Pick<Clock, 'now'>, rate: Rate) {
    this.#clock = clock;
    this.#rate = rate;
  }

  /** Whether there was one left, or as many as it takes. */
  take(cost = 1): boolean {
    const now = this.#clock.now();
    const { burst, perSecond } = this.#rate;
    const intervalMs = 1_000 / perSecond;
    const whole = Math.max(this.#whole, now) + cost * intervalMs;
    if (whole - now > burst * intervalMs) return false;
    this.#whole = whole;
    return true;
  }
}

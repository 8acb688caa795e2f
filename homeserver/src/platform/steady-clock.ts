import type { Clock, UnixMillis } from './clock.ts';

/**
 * A clock that tells for how long something has been so, and not what time it is: it never goes back. Where somebody sets
 * the other one back it stands still for an instant, and goes on as fast as that.
 */
export class SteadyClock implements Clock {
  readonly #clock: Clock;
  #seen: number;
  #setBackMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#seen = clock.now();
  }

  now(): UnixMillis {
    const now = this.#clock.now();
    this.#setBackMs += Math.max(0, this.#seen - now);
    this.#seen = now;
    return (now + this.#setBackMs) as UnixMillis;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#clock.sleep(ms, signal);
  }
}

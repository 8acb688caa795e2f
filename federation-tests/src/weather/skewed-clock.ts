import type { Clock, UnixMillis } from '@holm/homeserver/platform/clock';

/** A clock that goes as fast as another one, and is wrong by so much. */
export class SkewedClock implements Clock {
  readonly #right: Clock;
  wrongByMs = 0;

  constructor(right: Clock) {
    this.#right = right;
  }

  now(): UnixMillis {
    return (this.#right.now() + this.wrongByMs) as UnixMillis;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#right.sleep(ms, signal);
  }
}

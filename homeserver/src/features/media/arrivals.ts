import type { Mxc } from '@holm/spec/media';
import { printMxc } from '@holm/spec/media';
import type { Clock } from '../../platform/clock.ts';

/** Somebody who waits for a file. */
export interface Waiting extends Disposable {
  /** Resolves when it has arrived, or after that time. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

/** Wakes those who wait for a file that is announced. It only wakes: what is there, the database knows. */
export class Arrivals {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Set<AbortController>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From now on no arrival is missed. */
  expect(mxc: Mxc): Waiting {
    const key = printMxc(mxc);
    const arrived = new AbortController();
    const waiting = this.#waiting.get(key) ?? new Set<AbortController>();
    this.#waiting.set(key, waiting.add(arrived));
    return {
      pause: (ms, signal) => this.#clock.sleep(ms, AbortSignal.any([arrived.signal, signal])),
      [Symbol.dispose]: () => {
        waiting.delete(arrived);
        if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key);
      },
    };
  }

  arrived(mxc: Mxc): void {
    for (const waiting of this.#waiting.get(printMxc(mxc)) ?? []) waiting.abort();
  }
}

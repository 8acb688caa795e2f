import type { Clock, UnixMillis } from '../platform/clock.ts';

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** A clock that moves when it is told to. */
export class ManualClock implements Clock {
  #now: number;
  readonly #sleepers = new Set<Sleeper>();

  constructor(start = 1_700_000_000_000) {
    this.#now = start;
  }

  now(): UnixMillis {
    return this.#now as UnixMillis;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        until: this.#now + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener('abort', sleeper.wake);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', sleeper.wake, { once: true });
    });
  }

  /** How many wait for it to move. */
  get asleep(): number {
    return this.#sleepers.size;
  }

  /** Moves on, waking sleepers in the order in which they are due. */
  advance(ms: number): void {
    const target = this.#now + ms;
    for (;;) {
      const [next] = [...this.#sleepers].filter(({ until }) => until <= target).sort((a, b) => a.until - b.until);
      if (!next) break;
      this.#now = next.until;
      next.wake();
    }
    this.#now = target;
  }
}

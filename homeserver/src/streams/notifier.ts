import type { UserId } from '@holm/spec/ids';

/** Wakes long polls. It never carries data: a woken reader asks the stores, from its own token. */
export class Notifier {
  readonly #waiting = new Map<UserId, Set<() => void>>();

  /** Wakes everyone who waits for one of `users`. */
  wake(users: Iterable<UserId>): void {
    if (this.#waiting.size === 0) return;
    for (const user of users) {
      for (const resolve of this.#waiting.get(user) ?? []) resolve();
    }
  }

  /** Starts to listen. Listen first, then read, then wait: so nothing can slip between. */
  listen(user: UserId): Listener {
    let woken = Promise.withResolvers<void>();
    const ring = () => woken.resolve();
    const waiting = this.#waiting.get(user) ?? new Set();
    waiting.add(ring);
    this.#waiting.set(user, waiting);
    return {
      async next(signal) {
        if (signal.aborted) return;
        const stop = () => woken.resolve();
        signal.addEventListener('abort', stop, { once: true });
        await woken.promise;
        signal.removeEventListener('abort', stop);
        woken = Promise.withResolvers<void>();
      },
      [Symbol.dispose]: () => {
        waiting.delete(ring);
        if (waiting.size === 0 && this.#waiting.get(user) === waiting) this.#waiting.delete(user);
      },
    };
  }

  /** How many readers are listening. */
  get size(): number {
    let size = 0;
    for (const waiting of this.#waiting.values()) size += waiting.size;
    return size;
  }
}

export interface Listener extends Disposable {
  /** Resolves at the next wake, at once if there was one since the last call, or when `signal` aborts. */
  next(signal: AbortSignal): Promise<void>;
}

import type { UserId } from '@holm/spec/ids';
import { Groups } from '../platform/groups.ts';

/** Somebody who waits to be woken. Being rung is cheap: whoever wakes many does not wait for what they do then. */
export interface Waiter {
  ring(): void;
}

/** Wakes long polls. It never carries data: a woken reader asks the stores, from its own token. */
export class Notifier {
  readonly #waiting = new Groups<UserId, Waiter>();

  /** Wakes everyone who waits for one of `users`, and says how many these are. */
  wake(users: Iterable<UserId>): number {
    if (this.#waiting.size === 0) return 0;
    let woken = 0;
    for (const user of this.#mayWait(users)) {
      for (const waiter of this.#waiting.of(user)) {
        waiter.ring();
        woken++;
      }
    }
    return woken;
  }

  /** Listen first, then read, then wait: so nothing can slip between. */
  listen(user: UserId, waiter: Waiter): void {
    this.#waiting.add(user, waiter);
  }

  leave(user: UserId, waiter: Waiter): void {
    this.#waiting.delete(user, waiter);
  }

  /** Of those in a large room few listen. */
  #mayWait(users: Iterable<UserId>): Iterable<UserId> {
    if (!(users instanceof Set) || users.size <= this.#waiting.keyCount) return users;
    return [...this.#waiting.keys()].filter((user) => users.has(user));
  }

  /** How many readers are listening. */
  get size(): number {
    return this.#waiting.size;
  }
}

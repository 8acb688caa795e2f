import type { UserId } from '@holm/spec/ids';
import { Groups } from '../platform/groups.ts';

/** Somebody who waits to be woken. Being rung is cheap: whoever wakes many does not wait for what they do then. */
export interface Waiter {
  ring(): void;
}

/** Wakes long polls. It never carries data: a woken reader asks the stores, from its own token. */
export class Notifier {
  readonly #waiting = new Groups<UserId, Waiter>();

  /** Wakes everyone who waits for one of `users`. */
  wake(users: Iterable<UserId>): void {
    if (this.#waiting.size === 0) return;
    for (const user of users) {
      for (const waiter of this.#waiting.of(user)) waiter.ring();
    }
  }

  /** Listen first, then read, then wait: so nothing can slip between. */
  listen(user: UserId, waiter: Waiter): void {
    this.#waiting.add(user, waiter);
  }

  leave(user: UserId, waiter: Waiter): void {
    this.#waiting.delete(user, waiter);
  }

  /** How many readers are listening. */
  get size(): number {
    return this.#waiting.size;
  }
}

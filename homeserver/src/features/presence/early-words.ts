import type { UserId } from '@holm/spec/ids';
import type { UnixMillis } from '../../platform/clock.ts';
import type { Status } from './status.ts';

/** The event by which somebody joins goes through the rooms' queues, and perhaps through a third server. */
const KEPT_MS = 60_000;
const MAX = 5_000;

interface Word {
  readonly status: Status;
  readonly at: UnixMillis;
}

/** What servers said of users with whom nobody here shares a room: they may be about to come into one. */
export class EarlyWords {
  readonly #words = new Map<UserId, Word>();

  keep(user: UserId, status: Status, at: UnixMillis): void {
    this.#words.delete(user);
    this.#words.set(user, { status, at });
    for (const [oldest, word] of this.#words) {
      if (this.#words.size <= MAX && word.at + KEPT_MS > at) return;
      this.#words.delete(oldest);
    }
  }

  /** What was said of somebody who has come now. */
  take(user: UserId, now: UnixMillis): Status | undefined {
    const word = this.#words.get(user);
    this.#words.delete(user);
    return word && word.at + KEPT_MS > now ? word.status : undefined;
  }
}

import type { UserId } from '@holm/spec/ids';
import type { Clock } from '../platform/clock.ts';
import type { Notifier } from './notifier.ts';

/** Telling one reader takes a seventh of this: telling up to a hundred and fifty in one room takes no more than a seventh of a core. */
const REST_MS_PER_READER = 1.3;
/** Fewer are not worth a timer. */
const MANY = 20;
/** Whoever chats hardly notices more. */
const LONGEST_REST_MS = 200;

interface Rest {
  /** Whom to tell afterwards, if something has been said meanwhile. */
  readers?: Iterable<UserId>;
}

/**
 * Wakes those who read a room. What is said is told at once; but where many listen, the bell rests for a moment then, and what
 * is said meanwhile is told together: an answer takes as long for three messages as for one.
 */
export class RoomBells<Room> {
  readonly #notifier: Notifier;
  readonly #clock: Clock;
  readonly #resting = new Map<Room, Rest>();

  constructor({ notifier, clock }: { readonly notifier: Notifier; readonly clock: Clock }) {
    this.#notifier = notifier;
    this.#clock = clock;
  }

  /** Those who have said it themselves wait for it to appear: their bell does not rest. */
  ring(room: Room, readers: Iterable<UserId>, speakers: Iterable<UserId>): void {
    const rest = this.#resting.get(room);
    if (rest) {
      rest.readers = readers;
      this.#notifier.wake(speakers);
      return;
    }
    const woken = this.#notifier.wake(readers);
    if (woken >= MANY) void this.#rest(room, Math.min(woken * REST_MS_PER_READER, LONGEST_REST_MS));
  }

  async #rest(room: Room, ms: number): Promise<void> {
    const rest: Rest = {};
    this.#resting.set(room, rest);
    await this.#clock.sleep(ms);
    this.#resting.delete(room);
    if (rest.readers) this.ring(room, rest.readers, []);
  }
}

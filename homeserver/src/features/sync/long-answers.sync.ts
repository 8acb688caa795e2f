import type { UserId } from '@holm/spec/ids';
import { HungUpError } from '../../http/body.ts';
import type { Caller } from '../../http/route.ts';
import { Slots } from '../../platform/slots.ts';

/** In rooms. */
const LONG = 20;
const AT_ONCE = 6;

/** Who is to hear an answer. */
export interface Hearing {
  /** Nobody does any more. */
  readonly isGone: () => boolean;
}

/** Who that is. */
export interface Hearer extends Hearing {
  readonly viewer: Pick<Caller, 'userId'>;
}

/** Has made an answer. False for one that nobody hears, of which nothing is made. */
type Turn = () => Promise<boolean>;

/**
 * Has long answers made a few at a time. Of all that are asked for at once, as after a restart, none would be ready before all
 * are, and what each is made of would be in memory until then. Users take turns, one answer each: else whoever asks often would
 * be ahead of all others. Who asks again instead of an earlier time has the place of that.
 */
export class LongAnswers {
  readonly #slots = new Slots(AT_ONCE);
  /** Of those for whom something is to be made, or is being made: what comes after that. */
  readonly #waiting = new Map<UserId, Turn[]>();

  /** What is about few rooms does not wait, and for what nobody hears others do not. */
  make<T>(rooms: number, { viewer, isGone }: Hearer, make: () => Promise<T>): Promise<T> {
    if (rooms <= LONG) return make();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const turn = async (): Promise<boolean> => {
      const isHeard = !isGone();
      if (isHeard) await make().then(resolve, reject);
      else reject(new HungUpError('nobody waits for the answer any more'));
      return isHeard;
    };
    const waiting = this.#waiting.get(viewer.userId);
    if (waiting) waiting.push(turn);
    else void this.#serve(viewer.userId, [turn]);
    return promise;
  }

  async #serve(user: UserId, waiting: Turn[]): Promise<void> {
    this.#waiting.set(user, waiting);
    while (waiting.length > 0) await this.#slots.run(() => takeOne(waiting));
    this.#waiting.delete(user);
  }
}

const takeOne = async (waiting: Turn[]): Promise<void> => {
  for (let turn = waiting.shift(); turn; turn = waiting.shift()) if (await turn()) return;
};

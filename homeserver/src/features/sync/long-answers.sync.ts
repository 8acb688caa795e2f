import { HungUpError } from '../../http/body.ts';
import { Slots } from '../../platform/slots.ts';

/** In rooms. */
const LONG = 20;
const AT_ONCE = 6;

/** Who is to hear an answer. */
export interface Hearing {
  /** Nobody does any more. */
  readonly isGone: () => boolean;
}

/**
 * Has long answers made a few at a time. Of all that are asked for at once, as after a restart, none would be ready before all
 * are, and what each is made of would be in memory until then.
 */
export class LongAnswers {
  readonly #slots = new Slots(AT_ONCE);

  /** What is about few rooms does not wait, and for what nobody hears others do not. */
  make<T>(rooms: number, hearing: Hearing, make: () => Promise<T>): Promise<T> {
    if (rooms <= LONG) return make();
    return this.#slots.run(() => {
      if (hearing.isGone()) throw new HungUpError('nobody waits for the answer any more');
      return make();
    });
  }
}

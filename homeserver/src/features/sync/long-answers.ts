import { Slots } from '../../platform/slots.ts';

/** In rooms. */
const LONG = 20;
const AT_ONCE = 6;

/**
 * Has long answers made a few at a time. Of all that are asked for at once, as after a restart, none would be ready before all
 * are, and what each is made of would be in memory until then.
 */
export class LongAnswers {
  readonly #slots = new Slots(AT_ONCE);

  /** What is about few rooms does not wait. */
  make<T>(rooms: number, make: () => Promise<T>): Promise<T> {
    return rooms > LONG ? this.#slots.run(make) : make();
  }
}

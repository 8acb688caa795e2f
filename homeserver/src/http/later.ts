import type { InBag } from '../platform/bag.ts';
import { NOWHERE } from '../platform/place.ts';

/** Somebody who waits for an answer. While nothing happens, it holds on to no function that is under way. */
export interface Waiting<Answer> {
  /** Called once. `ready` is told how it ended, whatever way it did. */
  wait(ready: (answer: Promise<Answer>) => void): void;
  /** The server stops: what there is now is the answer. */
  hurry(): void;
  /** Nobody hears the answer any more: none need be made. */
  abandon(): void;
}

/**
 * What a handler gives back whose answer has to be waited for. So the request is set aside: it takes up its connection and
 * whoever waits, and nothing of what it came through.
 */
export class Later implements InBag {
  place = NOWHERE;
  readonly #waiting: Waiting<unknown>;
  readonly #toResult: (answer: unknown) => unknown;

  private constructor(waiting: Waiting<unknown>, toResult: (answer: unknown) => unknown) {
    this.#waiting = waiting;
    this.#toResult = toResult;
  }

  /** `toResult` makes of the answer what a handler would have given back. */
  static from<Answer>(waiting: Waiting<Answer>, toResult: (answer: Answer) => unknown): Later {
    return new Later(waiting, toResult as (answer: unknown) => unknown);
  }

  wait(ready: (result: Promise<unknown>) => void): void {
    this.#waiting.wait((answer) => ready(answer.then(this.#toResult)));
  }

  hurry(): void {
    this.#waiting.hurry();
  }

  abandon(): void {
    this.#waiting.abandon();
  }
}

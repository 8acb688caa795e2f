import type { Database, ReadTx } from '../storage/database.ts';
import { Numbers, type Sequence } from '../storage/numbers.ts';
import { type Position, Stream } from './stream.ts';

/**
 * A stream whose positions come from a sequence of the database: for tables that rows are deleted from, where the
 * newest position that is stored says little about which have been in use.
 */
export class SequencedStream extends Stream {
  readonly #numbers: Numbers;

  private constructor(name: string, newest: number, numbers: Numbers) {
    super(name, newest, () => numbers.take());
    this.#numbers = numbers;
  }

  static async open(db: Database, name: string, sequence: Sequence): Promise<SequencedStream> {
    const numbers = new Numbers(db, sequence);
    return new SequencedStream(name, await numbers.whenAtHand(1, () => numbers.take()), numbers);
  }

  /** `claim` for however many at once. Whatever has to be waited for, it is before the position is in flight. */
  claimNext(tx?: ReadTx): Promise<Position> {
    return this.#numbers.whenAtHand(1, () => this.claim(), tx);
  }
}

import type { Database } from '../storage/database.ts';
import { Numbers, type Sequence } from '../storage/numbers.ts';
import { Stream } from './stream.ts';

/** More than are claimed at the same moment. */
const AT_HAND = 400;

/**
 * A stream whose positions come from a sequence of the database: for tables that rows are deleted from, where the
 * newest position that is stored says little about which have been in use.
 */
export class SequencedStream extends Stream {
  readonly #numbers: Numbers;

  private constructor(name: string, numbers: Numbers) {
    super(name, numbers.take(), () => numbers.take());
    this.#numbers = numbers;
  }

  static async open(db: Database, name: string, sequence: Sequence): Promise<SequencedStream> {
    const numbers = new Numbers(db, sequence);
    await numbers.ensure(AT_HAND);
    return new SequencedStream(name, numbers);
  }

  /** To be awaited before `claim`, which cannot wait for the database. */
  ready(): Promise<void> | undefined {
    return this.#numbers.ensure(AT_HAND);
  }
}

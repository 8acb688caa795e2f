import type { Position } from './stream.ts';

/** How many are remembered; what is older is not known any more, which only costs a look at the database. */
export const REMEMBERED = 100_000;

/** Which users, rooms or whatever else changed after a position, as far as this process has seen. */
export class LastChanges<Key> {
  /** In the order of their last changes. */
  readonly #last = new Map<Key, Position>();
  readonly #capacity: number;
  /** From here on nothing has been missed. */
  #from: Position;

  constructor(from: Position, capacity = REMEMBERED) {
    this.#from = from;
    this.#capacity = capacity;
  }

  note(key: Key, position: Position): void {
    const before = this.#last.get(key) ?? 0;
    this.#last.delete(key);
    this.#last.set(key, Math.max(before, position) as Position);
    if (this.#last.size <= this.#capacity) return;
    for (const [oldest, at] of this.#last) {
      this.#last.delete(oldest);
      this.#from = Math.max(this.#from, at) as Position;
      break;
    }
  }

  /** False only where nothing has changed for certain. */
  mayHaveChanged(key: Key, after: Position): boolean {
    return after < this.#from || (this.#last.get(key) ?? 0) > after;
  }

  /** Where `key` changed last, or later. */
  lastOf(key: Key): Position {
    return this.#last.get(key) ?? this.#from;
  }

  /** Whether what changed after a position is known, so that `mayHaveChanged` is exact. */
  reaches(after: Position): boolean {
    return after >= this.#from;
  }
}

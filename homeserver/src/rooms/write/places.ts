import type { Position } from '../../streams/stream.ts';

interface Placed {
  readonly position: Position | undefined;
}

/**
 * The places of one step in the stream. While it is being built they are only counted: from when a place is taken until
 * it is given back, nobody on the server hears of what comes after it, in whatever room.
 */
export class Places {
  #count = 0;
  #taken: readonly Position[] = [];

  /** Below zero, where the stream has none. */
  next(): Position {
    return -++this.#count as Position;
  }

  get count(): number {
    return this.#count;
  }

  get areTaken(): boolean {
    return this.#taken.length === this.#count;
  }

  /** In the order in which they were counted. */
  take(positions: readonly Position[]): void {
    if (positions.length !== this.#count) throw new Error(`a step of ${this.#count} places got ${positions.length}`);
    this.#taken = positions;
  }

  at(place: Position): Position {
    return this.#taken[-1 - place] ?? place;
  }

  /** The same, at the place that was taken for it; itself where it has its own. */
  settled<T extends Placed>(one: T): T {
    const { position } = one;
    return position === undefined || position >= 0 ? one : { ...one, position: this.at(position) };
  }
}

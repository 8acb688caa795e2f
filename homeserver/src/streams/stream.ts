declare const unit: unique symbol;

/** A place in one stream. Positions of different streams do not compare. */
export type Position = number & { readonly [unit]: 'Position' };

/** Everything after `after`, up to and including `upTo`. */
export interface Range {
  readonly after: Position;
  readonly upTo: Position;
}

/**
 * Hands out the positions of one append-only stream.
 *
 * Writers commit out of order, so the newest position is not safe to read up to: a reader at 7 would never see 6
 * if 6 commits later. `settled` is the newest position with nothing still in flight at or below it, and is the only
 * number that may go into a sync token.
 */
export class Stream {
  readonly name: string;
  #last: number;
  readonly #next: () => number;
  readonly #inFlight = new Set<number>();
  #waiting: { readonly position: Position; readonly hook: () => void }[] = [];

  /** `last` is the newest position in use. `next` gives greater numbers each time; by default the very next one. */
  constructor(name: string, last: number, next: () => number = () => this.#last + 1) {
    this.name = name;
    this.#last = last;
    this.#next = next;
  }

  get settled(): Position {
    if (this.#inFlight.size === 0) return this.#last as Position;
    const [oldest] = this.#inFlight; // claimed in ascending order, so the first is the smallest
    return (oldest === undefined ? this.#last : oldest - 1) as Position;
  }

  /** Takes the next position. It holds back `settled` until it is given back to `release`, written or not. */
  claim(): Position {
    this.#last = this.#next();
    this.#inFlight.add(this.#last);
    return this.#last as Position;
  }

  release(position: Position): void {
    this.#inFlight.delete(position);
    if (this.#waiting.length === 0) return;
    const { settled } = this;
    const due = this.#waiting.filter((one) => one.position <= settled);
    this.#waiting = this.#waiting.filter((one) => one.position > settled);
    for (const { hook } of due) hook();
  }

  /** Runs `hook` once readers may see what is at `position`: for waking them, which before then would be in vain. */
  whenSettled(position: Position, hook: () => void): void {
    if (position <= this.settled) hook();
    else this.#waiting.push({ position, hook });
  }
}

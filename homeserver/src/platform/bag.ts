import { NOWHERE } from './place.ts';

/** Something that may lie in one bag. */
export interface InBag {
  /** Where it lies, `NOWHERE` if in none: the bag's to write. */
  place: number;
}

/**
 * Things that come and go all the time, in no order.
 *
 * Not a Set: one that is added to and taken from makes itself a new table every few dozen times. The old one goes on holding
 * what was in it then, and once it is among V8's old objects everything that was in it grows old, too, with all that hangs on
 * it: of requests that wait for a moment nearly all, which then wait for a collection of the whole heap.
 */
export class Bag<Item extends InBag> {
  readonly #items: Item[] = [];

  add(item: Item): void {
    if (item.place !== NOWHERE) return;
    item.place = this.#items.length;
    this.#items.push(item);
  }

  delete(item: Item): void {
    const { place } = item;
    if (this.#items[place] !== item) return;
    item.place = NOWHERE;
    const last = this.#items.pop();
    if (!last || last === item) return;
    this.#items[place] = last;
    last.place = place;
  }

  /** What is in it now: it may be added to and taken from meanwhile. */
  [Symbol.iterator](): Iterator<Item> {
    return [...this.#items][Symbol.iterator]();
  }

  get size(): number {
    return this.#items.length;
  }
}

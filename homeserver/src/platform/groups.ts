/** Below this it does not matter how many keys have nothing. */
const FEW = 64;

/**
 * What belongs to each key, where most keys have one thing: a list for each of them would take 100 bytes, of which there
 * is one for everybody who is connected. What it holds is no list itself.
 *
 * A key that has nothing any more stays for a while: who was connected a moment ago will be again. And a Map from which is
 * deleted all the time makes itself a new table every few dozen times, where the old one keeps everything alive that was in
 * it (see `Bag`).
 */
export class Groups<Key, Item extends object> {
  readonly #byKey = new Map<Key, Item | Item[] | undefined>();
  #size = 0;
  /** Keys that have nothing. */
  #vacant = 0;

  add(key: Key, item: Item): void {
    const known = this.#byKey.get(key);
    if (known === item || (Array.isArray(known) && known.includes(item))) return;
    this.#size++;
    if (Array.isArray(known)) known.push(item);
    else if (known !== undefined) this.#byKey.set(key, [known, item]);
    else {
      if (this.#byKey.has(key)) this.#vacant--;
      this.#byKey.set(key, item);
    }
  }

  delete(key: Key, item: Item): void {
    const known = this.#byKey.get(key);
    if (Array.isArray(known)) {
      const place = known.indexOf(item);
      if (place < 0) return;
      known.splice(place, 1);
      if (known.length === 1) this.#byKey.set(key, known[0]);
    } else if (known === item) this.#vacate(key);
    else return;
    this.#size--;
  }

  /** Oldest first. It may be added to and taken from meanwhile. */
  of(key: Key): Iterable<Item> {
    const known = this.#byKey.get(key);
    if (known === undefined) return [];
    return Array.isArray(known) ? [...known] : [known];
  }

  sizeOf(key: Key): number {
    const known = this.#byKey.get(key);
    return Array.isArray(known) ? known.length : Number(known !== undefined);
  }

  /** Those that have something, and some that had. */
  keys(): Iterable<Key> {
    return this.#byKey.keys();
  }

  get keyCount(): number {
    return this.#byKey.size;
  }

  /** How many there are of all keys. */
  get size(): number {
    return this.#size;
  }

  #vacate(key: Key): void {
    this.#byKey.set(key, undefined);
    this.#vacant++;
    if (this.#vacant < FEW || this.#vacant * 2 < this.#byKey.size) return;
    for (const [other, item] of this.#byKey) if (item === undefined) this.#byKey.delete(other);
    this.#vacant = 0;
  }
}

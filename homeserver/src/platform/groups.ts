/**
 * What belongs to each key, where most keys have one thing: a set for each of them would take 150 bytes, of which there
 * is one for everybody who is connected. What it holds is no set itself.
 */
export class Groups<Key, Item extends object> {
  readonly #byKey = new Map<Key, Item | Set<Item>>();
  #size = 0;

  add(key: Key, item: Item): void {
    const known = this.#byKey.get(key);
    if (known === item || (known instanceof Set && known.has(item))) return;
    this.#size++;
    if (known === undefined) this.#byKey.set(key, item);
    else if (known instanceof Set) known.add(item);
    else this.#byKey.set(key, new Set([known, item]));
  }

  delete(key: Key, item: Item): void {
    const known = this.#byKey.get(key);
    if (known instanceof Set) {
      if (!known.delete(item)) return;
      const [last] = known;
      if (known.size === 1 && last) this.#byKey.set(key, last);
    } else if (known === item) this.#byKey.delete(key);
    else return;
    this.#size--;
  }

  /** Oldest first. It may be added to and taken from meanwhile. */
  of(key: Key): Iterable<Item> {
    const known = this.#byKey.get(key);
    if (known === undefined) return [];
    return known instanceof Set ? [...known] : [known];
  }

  sizeOf(key: Key): number {
    const known = this.#byKey.get(key);
    return known instanceof Set ? known.size : Number(known !== undefined);
  }

  /** How many there are of all keys. */
  get size(): number {
    return this.#size;
  }
}

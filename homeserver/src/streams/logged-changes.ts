import { LastChanges } from './last-changes.ts';
import type { Position } from './stream.ts';

/** How many changes are remembered one by one, at least. */
const LOGGED = 100_000;

/** Some of the keys: a set, or what can be asked like one. */
export interface Keys<Key> extends Iterable<Key> {
  readonly size: number;
  has(key: Key): boolean;
}

/** As `LastChanges`, and what has changed can be asked, too, without a look at all that there is. */
export class LoggedChanges<Key> extends LastChanges<Key> {
  readonly #keys: Key[] = [];
  /** The greatest position up to each entry: positions are noted in nearly their order. */
  readonly #reached: number[] = [];
  readonly #kept: number;
  #loggedFrom: number;
  /** How many entries have been dropped. */
  #dropped = 0;

  constructor(from: Position, kept = LOGGED) {
    super(from);
    this.#loggedFrom = from;
    this.#kept = kept;
  }

  override note(key: Key, position: Position): void {
    super.note(key, position);
    this.#keys.push(key);
    this.#reached.push(Math.max(this.#reached.at(-1) ?? this.#loggedFrom, position));
    if (this.#keys.length < 2 * this.#kept) return;
    this.#keys.splice(0, this.#kept);
    this.#loggedFrom = this.#reached.splice(0, this.#kept).at(-1) ?? this.#loggedFrom;
    this.#dropped += this.#kept;
  }

  /** A place in what has been noted, to go on from; it has nothing to do with positions. */
  get mark(): number {
    return this.#dropped + this.#keys.length;
  }

  /** What was noted after a mark; undefined when that is not remembered any more. */
  sinceMark(mark: number): readonly Key[] | undefined {
    return mark < this.#dropped ? undefined : this.#keys.slice(mark - this.#dropped);
  }

  /** Those that may have changed after a position; undefined where it is easier to ask for each of them. */
  among(keys: Pick<Keys<Key>, 'size' | 'has'>, after: Position): ReadonlySet<Key> | undefined {
    if (after < this.#loggedFrom) return undefined;
    const first = this.#firstAfter(after);
    if (this.#keys.length - first > keys.size) return undefined;
    const changed = new Set<Key>();
    for (let i = first; i < this.#keys.length; i++) {
      const key = this.#keys[i] as Key;
      if (keys.has(key)) changed.add(key);
    }
    return changed;
  }

  /** As `mayHaveChanged`, of any of some keys. */
  mayAnyHaveChanged(keys: Keys<Key>, after: Position): boolean {
    for (const key of this.among(keys, after) ?? keys) if (this.mayHaveChanged(key, after)) return true;
    return false;
  }

  #firstAfter(after: Position): number {
    let [low, high] = [0, this.#reached.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#reached[middle] ?? 0) > after) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

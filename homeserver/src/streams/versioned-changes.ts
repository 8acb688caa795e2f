import { LastChanges, REMEMBERED } from './last-changes.ts';
import type { Position } from './stream.ts';

/** As `LastChanges`, for what is made of a key's data and kept: it says, too, whether that is as it was. */
export class VersionedChanges<Key> extends LastChanges<Key> {
  /** In the order of their last changes. */
  readonly #versions = new Map<Key, number>();
  readonly #kept: number;
  #noted = 0;
  #forgotten = 0;

  constructor(from: Position, kept = REMEMBERED) {
    super(from);
    this.#kept = kept;
  }

  override note(key: Key, position: Position): void {
    super.note(key, position);
    this.#versions.delete(key);
    this.#versions.set(key, ++this.#noted);
    if (this.#versions.size <= this.#kept) return;
    for (const [oldest, version] of this.#versions) {
      this.#versions.delete(oldest);
      this.#forgotten = version;
      break;
    }
  }

  /**
   * Another number after every change of `key`. Not its position: changes are not committed in the order of their positions, and
   * the newest is the same before and after an older one that comes late.
   */
  versionOf(key: Key): number {
    return this.#versions.get(key) ?? this.#forgotten;
  }
}

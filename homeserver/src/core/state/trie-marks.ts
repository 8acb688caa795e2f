import { indexOf, isPatch, type Pointer, type Row, type RowId, rowOf, type TrieNode } from './trie-row.ts';

/** Stands for the last node of a row, whose index is not known before the row has been read. */
const ROOT = 1 << 15;

/**
 * Which nodes of a room's rows can be reached from some snapshots. A row may be needed for one node only, and what the
 * others lead to is not.
 *
 * Rows lead to older ones as a rule, so that one walk from the newest to the oldest reads each of them once; where ids
 * were handed out in blocks, some are read again.
 */
export class TrieMarks {
  readonly #ids: Float64Array;
  /** A bit for each node: reached, and followed. */
  readonly #reached: Uint16Array;
  readonly #followed: Uint16Array;
  /** No row above this one is waiting to be followed. */
  #cursor: number;

  /** `ids`: all rows of the room, ascending. Others are not looked at. */
  constructor(ids: Float64Array) {
    this.#ids = ids;
    this.#reached = new Uint16Array(ids.length);
    this.#followed = new Uint16Array(ids.length);
    this.#cursor = ids.length - 1;
  }

  addRoot(row: RowId): void {
    this.#mark(row, ROOT);
  }

  /** Up to so many rows to be followed next; none when everything has been. */
  next(limit: number): RowId[] {
    const rows: RowId[] = [];
    for (; this.#cursor >= 0 && rows.length < limit; this.#cursor -= 1) {
      if (this.#isWaiting(this.#cursor)) rows.push(this.#ids[this.#cursor] ?? 0);
    }
    return rows;
  }

  follow({ id, nodes }: Row): void {
    const at = this.#indexOf(id);
    if (this.#takes(at, ROOT) && nodes.length > 0) this.#mark(id, 1 << (nodes.length - 1));
    // Parents stand behind their children.
    for (let index = nodes.length - 1; index >= 0; index -= 1) {
      if (!this.#takes(at, 1 << index)) continue;
      for (const pointer of pointersOf(nodes[index])) {
        if (pointer !== 0) this.#mark(rowOf(pointer), 1 << indexOf(pointer));
      }
    }
  }

  /** Whether a node is waiting to be followed; if so, it has been from now on. */
  #takes(at: number, bit: number): boolean {
    const followed = this.#followed[at] ?? 0;
    if (((this.#reached[at] ?? 0) & ~followed & bit) === 0) return false;
    this.#followed[at] = followed | bit;
    return true;
  }

  isReached(row: RowId): boolean {
    return (this.#reached[this.#indexOf(row)] ?? 0) !== 0;
  }

  unreached(): RowId[] {
    const rows: RowId[] = [];
    for (const [at, id] of this.#ids.entries()) if (this.#reached[at] === 0) rows.push(id);
    return rows;
  }

  #mark(row: RowId, bits: number): void {
    const at = this.#indexOf(row);
    if (at < 0) return;
    this.#reached[at] = (this.#reached[at] ?? 0) | bits;
    if (this.#isWaiting(at) && at > this.#cursor) this.#cursor = at;
  }

  #isWaiting(at: number): boolean {
    return ((this.#reached[at] ?? 0) & ~(this.#followed[at] ?? 0)) !== 0;
  }

  #indexOf(row: RowId): number {
    let low = 0;
    let high = this.#ids.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const id = this.#ids[middle] ?? 0;
      if (id === row) return middle;
      if (id < row) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}

/** What a node leads to, zeros among it. */
const pointersOf = (node: TrieNode | undefined): readonly Pointer[] => {
  if (node === undefined) return [];
  if (!isPatch(node)) return node.level === 0 ? [] : node.slots;
  const changed = node.level === 0 ? [] : node.changes.filter((_, at) => at % 2 === 1);
  return [node.base, ...changed];
};

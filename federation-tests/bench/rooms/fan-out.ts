import { randomFrom } from './state-changes.ts';
import { bytes, type Table } from './table.ts';

/** Slots in which a patch differs at most, as in `trie-update.ts`; without patches every copy is a full node. */
const MAX_PATCHED = 8;
const APART = 150;

interface Node {
  readonly row: number;
  /** What is below each slot: nodes, or event numbers in a leaf. */
  readonly slots: (Node | number)[];
  /** The full node that this one is a patch of, and where it differs. */
  readonly of?: Node;
  readonly digits: readonly number[];
}

/** How large a number is as a varint. */
const size = (value: number): number => Math.max(1, Math.ceil(Math.log2(value + 1) / 7));

/**
 * A model of the trie for any fan-out: only shapes and sizes, in memory. It is there to compare fan-outs; that it says
 * the same as the real one for the fan-out that is built in is checked by `measureFanOut`.
 */
class ModelTrie {
  readonly #fanOut: number;
  readonly #levels: number;
  readonly #patches: boolean;
  /** How far row and event ids lie apart: other rooms take some in between. */
  readonly #spread: number;
  #rows = 0;
  #bytes = 0;
  root: Node = { row: 0, slots: [], digits: [] };

  constructor(fanOut: number, { keys, patches, spread }: { keys: number; patches: boolean; spread: number }) {
    this.#fanOut = fanOut;
    this.#levels = Math.ceil(Math.log(keys) / Math.log(fanOut));
    this.#patches = patches;
    this.#spread = spread;
  }

  get bytes(): number {
    return this.#bytes;
  }

  set(key: number, event: number): void {
    this.#rows++;
    this.root = this.#copy(this.root, this.#levels - 1, key, event * this.#spread);
    this.#bytes += size(event * this.#spread);
  }

  #copy(before: Node | undefined, level: number, key: number, event: number): Node {
    const digit = Math.floor(key / this.#fanOut ** level) % this.#fanOut;
    const slots = [...(before?.slots ?? [])];
    while (slots.length <= digit) slots.push(0);
    const below = slots[digit];
    slots[digit] =
      level === 0 ? event : this.#copy(typeof below === 'object' ? below : undefined, level - 1, key, event);
    const digits = [...new Set([...(before?.digits ?? []), digit])];
    const isPatch = this.#patches && before && digits.length <= MAX_PATCHED && digits.length * 2 + 2 <= slots.length;
    const of = isPatch ? (before.of ?? before) : undefined;
    this.#bytes += this.#sizeOf(level, of ? digits.map((one) => slots[one] ?? 0) : slots);
    if (of) this.#bytes += this.#pointer(of.row) + digits.length;
    return { row: this.#rows, slots, digits: of ? digits : [], ...(of && { of }) };
  }

  #sizeOf(level: number, slots: readonly (Node | number)[]): number {
    const events = slots.filter((slot): slot is number => typeof slot === 'number' && slot !== 0);
    const base = level === 0 ? Math.min(...events) : 0;
    const each = slots.map((slot) => {
      if (typeof slot === 'object') return this.#pointer(slot.row);
      return slot === 0 ? 1 : size(slot - base + 1);
    });
    return each.reduce((sum, one) => sum + one, 2);
  }

  #pointer(row: number): number {
    return size(((this.#rows - row) * 2 * this.#spread + 1) * 16);
  }

  /** The rows that a cold read of a key, of everything, and of what differs from another state takes. */
  rowsOf(root: Node, key: number): number {
    const rows = new Set<number>();
    let node: Node | number | undefined = root;
    for (let level = this.#levels - 1; level >= 0 && typeof node === 'object'; level--) {
      see(rows, node);
      node = node.slots[Math.floor(key / this.#fanOut ** level) % this.#fanOut];
    }
    return rows.size;
  }

  allRows(root: Node): number {
    const rows = new Set<number>();
    const walk = (node: Node): void => {
      see(rows, node);
      for (const slot of node.slots) if (typeof slot === 'object') walk(slot);
    };
    walk(root);
    return rows.size;
  }

  differingRows(a: Node, b: Node): number {
    const rows = new Set<number>();
    const walk = (left: Node | undefined, right: Node | undefined): void => {
      for (const node of [left, right]) if (node) see(rows, node);
      const length = Math.max(left?.slots.length ?? 0, right?.slots.length ?? 0);
      for (let digit = 0; digit < length; digit++) {
        const [one, two] = [left?.slots[digit], right?.slots[digit]];
        if (one === two) continue;
        walk(typeof one === 'object' ? one : undefined, typeof two === 'object' ? two : undefined);
      }
    };
    walk(a, b);
    return rows.size;
  }
}

const see = (rows: Set<number>, { row, of }: Node): void => {
  rows.add(row);
  if (of) rows.add(of.row);
};

interface Shape {
  readonly members: number;
  readonly changes: number;
}

/** Fan-outs side by side on one shape. */
export const measureFanOut = (table: Table, { members, changes }: Shape): void => {
  const keys = members + changes * 0.29;
  for (const patches of [false, true]) {
    for (const fanOut of [16, 32, 64]) {
      const trie = grow(fanOut, { members, changes, keys, patches, spread: 1 });
      const busy = grow(fanOut, { members, changes, keys, patches, spread: 50 });
      const name = `fan-out ${fanOut}${patches ? ' with patches' : ''}, ${keys.toLocaleString('en')} keys`;
      const { one, all, differing } = trie.rows;
      table.add(`${name}: a change`, `${bytes(trie.each)}; ${busy.each.toFixed(0)} in a busy server`);
      table.add(`    rows read: one key, ${APART} changes, everything`, `${one.toFixed(1)}, ${differing}, ${all}`);
    }
  }
};

const grow = (
  fanOut: number,
  { members, changes, keys, patches, spread }: Shape & { keys: number; patches: boolean; spread: number },
) => {
  const random = randomFrom(5);
  const trie = new ModelTrie(fanOut, { keys: keys + 32, patches, spread });
  for (let member = 0; member < members; member++) trie.set(32 + member, 1 + member);
  const before = trie.bytes;
  let next = 32 + members;
  const roots: Node[] = [];
  for (let n = 0; n < changes; n++) {
    const key = random() < 0.29 ? next++ : 32 + Math.floor(random() * (next - 32));
    trie.set(key, members + n);
    roots.push(trie.root);
  }
  const points = Array.from({ length: 50 }, (_, i) => trie.rowsOf(trie.root, 32 + ((i * 797) % members)));
  return {
    each: (trie.bytes - before) / changes,
    rows: {
      one: points.reduce((sum, rows) => sum + rows, 0) / points.length,
      all: trie.allRows(trie.root),
      differing: trie.differingRows(roots.at(-1 - APART) ?? trie.root, trie.root),
    },
  };
};

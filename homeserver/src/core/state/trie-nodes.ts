import type { Needs } from '../needs.ts';
import type { FullNode, KeyNumber, PatchNode, Pointer, Root, Row, RowId, TrieNode } from './trie-row.ts';
import { FAN_OUT, indexOf, isPatch, pointerTo, rowOf } from './trie-row.ts';

/** A question to a trie: it asks for rows, and ends with its answer. */
export type TrieQuestion<Result> = Needs<RowId, Row, Result>;

/** Nodes by their addresses, as far as they are at hand. */
export type NodeAt = (pointer: Pointer) => TrieNode | undefined;

/** The nodes that a question has seen so far. */
export class TrieNodes {
  readonly #rows = new Map<RowId, Row>();
  readonly #at: NodeAt = (pointer) => this.at(pointer);

  /** Makes sure that these can be read; asks for the rows that are still missing, then for what those are patches of. */
  *load(pointers: readonly Pointer[]): TrieQuestion<void> {
    const rows = new Set<RowId>();
    for (const pointer of pointers) if (pointer !== 0) rows.add(rowOf(pointer));
    yield* this.#fetch(rows);
    const patched = new Set<RowId>();
    for (const pointer of pointers) {
      const node = this.at(pointer);
      if (node !== undefined && isPatch(node)) patched.add(rowOf(node.base));
    }
    yield* this.#fetch(patched);
  }

  /** The pointers of the roots, in the order of the roots; 0 for those without any state. */
  *roots(roots: readonly Root[]): TrieQuestion<Pointer[]> {
    yield* this.#fetch(new Set(roots.filter((root) => root !== undefined)));
    return roots.map((root) => (root === undefined ? 0 : pointerTo(root, this.#row(root).nodes.length - 1)));
  }

  /** A node that has been loaded; undefined for the pointer 0. */
  at(pointer: Pointer): TrieNode | undefined {
    if (pointer === 0) return undefined;
    const node = this.#row(rowOf(pointer)).nodes[indexOf(pointer)];
    if (node === undefined) throw new Error(`state row ${rowOf(pointer)} has no node ${indexOf(pointer)}`);
    return node;
  }

  /** What a subtree has in a slot: see `slotOf`. The node must have been loaded. */
  slot(pointer: Pointer, level: number, digit: number): number {
    return pointer === 0 ? 0 : (slotOf(pointer, { level, digit }, this.#at) ?? 0);
  }

  /** All slots of a subtree as `slot` gives them; those that are missing at the end hold 0. */
  slots(pointer: Pointer, level: number): readonly number[] {
    const node = this.at(pointer);
    if (node === undefined) return [];
    if (node.level < level) return [pointer];
    if (!isPatch(node)) return node.slots;
    const slots = [...assertFull(this.at(node.base), node.base).slots];
    for (let at = 0; at < node.changes.length; at += 2) {
      const digit = node.changes[at] ?? 0;
      while (slots.length <= digit) slots.push(0);
      slots[digit] = node.changes[at + 1] ?? 0;
    }
    return slots;
  }

  *#fetch(rows: ReadonlySet<RowId>): TrieQuestion<void> {
    const missing = [...rows].filter((id) => !this.#rows.has(id));
    if (missing.length === 0) return;
    const found = yield missing;
    for (const [id, row] of found) this.#rows.set(id, row);
  }

  #row(id: RowId): Row {
    const row = this.#rows.get(id);
    if (row === undefined) throw new Error(`state row ${id} is missing`);
    return row;
  }
}

/**
 * What a subtree has in a slot, seen from a level: tries grow upwards, so a node below that level stands for a chain of
 * nodes that leads to it by their first slots. Undefined where a node that it takes is not at hand.
 */
export const slotOf = (
  pointer: Pointer,
  { level, digit }: { readonly level: number; readonly digit: number },
  nodeAt: NodeAt,
): number | undefined => {
  const node = nodeAt(pointer);
  if (node === undefined) return undefined;
  if (node.level < level) return digit === 0 ? pointer : 0;
  return isPatch(node) ? patchedSlot(node, digit, nodeAt) : (node.slots[digit] ?? 0);
};

const patchedSlot = ({ base, changes }: PatchNode, digit: number, nodeAt: NodeAt): number | undefined => {
  for (let at = 0; at < changes.length; at += 2) {
    if (changes[at] === digit) return changes[at + 1] ?? 0;
  }
  const full = nodeAt(base);
  return full && (assertFull(full, base).slots[digit] ?? 0);
};

const assertFull = (node: TrieNode | undefined, pointer: Pointer): FullNode => {
  if (node === undefined || isPatch(node)) throw new Error(`the node ${pointer} of the state is no full one`);
  return node;
};

/** Up to the level that holds every safe integer, and one more. */
const SPANS = Array.from({ length: 12 }, (_, level) => FAN_OUT ** level);

/** How many keys a slot of a node at this level covers. */
export const span = (level: number): number => SPANS[level] ?? Infinity;

/** The slot that leads to a key at a level. */
export const digitOf = (key: KeyNumber, level: number): number => Math.floor(key / span(level)) % FAN_OUT;

/** The lowest level of a root that reaches a key. */
export const levelFor = (key: KeyNumber): number => {
  let level = 0;
  while (key >= span(level + 1)) level += 1;
  return level;
};

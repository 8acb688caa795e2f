import { digitOf, span } from './trie-nodes.ts';
import type { EventNid, KeyNumber, Pointer, Root, Row, RowId, PatchNode, TrieNode } from './trie-row.ts';
import { indexOf, isPatch, pointerTo, rowOf } from './trie-row.ts';

type NodeOf = (pointer: Pointer) => TrieNode | undefined;

/**
 * As `lookup`, from rows that are at hand; undefined as soon as one is not. That is nearly always so, and takes a fraction of what
 * it takes to ask for them.
 */
export const find = (
  root: Root,
  keys: Iterable<KeyNumber>,
  row: (id: RowId) => Row | undefined,
): Map<KeyNumber, EventNid> | undefined => {
  const found = new Map<KeyNumber, EventNid>();
  if (root === undefined) return found;
  const nodes = row(root)?.nodes;
  if (!nodes) return undefined;
  const nodeOf: NodeOf = (pointer) => row(rowOf(pointer))?.nodes[indexOf(pointer)];
  const top = pointerTo(root, nodes.length - 1);
  for (const key of keys) {
    const event = findOne(top, key, nodeOf);
    if (event === undefined) return undefined;
    if (event !== 0) found.set(key, event);
  }
  return found;
};

/** 0 where there is none. */
const findOne = (top: Pointer, key: KeyNumber, nodeOf: NodeOf): EventNid | undefined => {
  const topLevel = nodeOf(top)?.level;
  if (topLevel === undefined) return undefined;
  if (key >= span(topLevel + 1)) return 0;
  let at: number | undefined = top;
  for (let level = topLevel; level >= 0 && at !== undefined && at !== 0; level -= 1) {
    at = below(at, { level, digit: digitOf(key, level) }, nodeOf);
  }
  return at;
};

/** What a subtree has in a slot: see `TrieNodes.slot`. */
const below = (pointer: Pointer, slot: { level: number; digit: number }, nodeOf: NodeOf): number | undefined => {
  const { level, digit } = slot;
  const node = nodeOf(pointer);
  if (node === undefined) return undefined;
  if (node.level < level) return digit === 0 ? pointer : 0;
  return isPatch(node) ? patched(node, digit, nodeOf) : (node.slots[digit] ?? 0);
};

const patched = ({ base, changes }: PatchNode, digit: number, nodeOf: NodeOf): number | undefined => {
  for (let at = 0; at < changes.length; at += 2) {
    if (changes[at] === digit) return changes[at + 1] ?? 0;
  }
  const full = nodeOf(base);
  return full && !isPatch(full) ? (full.slots[digit] ?? 0) : undefined;
};

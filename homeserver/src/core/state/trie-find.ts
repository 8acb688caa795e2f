import { digitOf, type NodeAt, slotOf, span } from './trie-nodes.ts';
import type { EventNid, KeyNumber, Pointer, Root, Row, RowId } from './trie-row.ts';
import { indexOf, pointerTo, rowOf } from './trie-row.ts';

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
  const nodeAt: NodeAt = (pointer) => row(rowOf(pointer))?.nodes[indexOf(pointer)];
  const top = pointerTo(root, nodes.length - 1);
  for (const key of keys) {
    const event = findOne(top, key, nodeAt);
    if (event === undefined) return undefined;
    if (event !== 0) found.set(key, event);
  }
  return found;
};

/** 0 where there is none. */
const findOne = (top: Pointer, key: KeyNumber, nodeAt: NodeAt): EventNid | undefined => {
  const topLevel = nodeAt(top)?.level;
  if (topLevel === undefined) return undefined;
  if (key >= span(topLevel + 1)) return 0;
  let at: number | undefined = top;
  for (let level = topLevel; level >= 0 && at !== undefined && at !== 0; level -= 1) {
    at = slotOf(at, { level, digit: digitOf(key, level) }, nodeAt);
  }
  return at;
};

import type { TrieQuestion } from './trie-nodes.ts';
import { TrieNodes, digitOf, levelFor } from './trie-nodes.ts';
import type {
  EncodedRow,
  EventNid,
  FullNode,
  KeyNumber,
  PatchNode,
  Pointer,
  Root,
  Row,
  RowId,
  TrieNode,
} from './trie-row.ts';
import { FAN_OUT, MAX_NODES, encodeRow, isPatch, pointerTo } from './trie-row.ts';

/**
 * Slots in which a patch differs at most. Each change of a node makes its patch longer, until the node is written in
 * full again: with this many a node takes the least space on average, a third of a full one.
 */
const MAX_PATCHED = 8;

export interface Update {
  /** The new snapshot; the old one if nothing changed. */
  readonly root: Root;
  /** What has to be stored for it, the root's row last. The others are parts of it, no snapshots of their own. */
  readonly rows: readonly EncodedRow[];
}

type Change = readonly [key: KeyNumber, event: EventNid];

/**
 * A state with some keys set (or removed, by 0). Only the nodes between the root and the changed keys are
 * copied: one row for an ordinary change, a row for every twelve nodes of a large one.
 */
export function* update(
  root: Root,
  changes: ReadonlyMap<KeyNumber, EventNid>,
  newId: () => RowId,
): TrieQuestion<Update> {
  const nodes = new TrieNodes();
  const [top = 0] = yield* nodes.roots([root]);
  const sorted = [...changes].sort(([a], [b]) => a - b);
  const highest = sorted.findLast(([, event]) => event !== 0)?.[0] ?? 0;
  const level = Math.max(nodes.at(top)?.level ?? 0, levelFor(highest));
  const reachable = sorted.filter(([key]) => levelFor(key) <= level);
  if (reachable.length === 0) return { root, rows: [] };
  yield* loadPaths(nodes, top, level, reachable);

  const copies = new Copies(newId);
  const changed = rebuild({ nodes, copies }, top, level, reachable);
  if (changed === top) return { root, rows: [] };
  return { root: changed === 0 ? undefined : copies.lastRow, rows: changed === 0 ? [] : copies.rows() };
}

function* loadPaths(nodes: TrieNodes, top: Pointer, rootLevel: number, changes: readonly Change[]): TrieQuestion<void> {
  let wave: readonly (readonly [KeyNumber, Pointer])[] = changes.map(([key]) => [key, top]);
  for (let level = rootLevel; level > 0; level -= 1) {
    yield* nodes.load(wave.map(([, pointer]) => pointer));
    wave = wave.map(([key, pointer]) => [key, nodes.slot(pointer, level, digitOf(key, level))]);
  }
  yield* nodes.load(wave.map(([, pointer]) => pointer));
}

/** Collects copied nodes, and decides at once where each will be stored so that its parent can point to it. */
class Copies {
  readonly #newId: () => RowId;
  readonly #rows: { readonly id: RowId; readonly nodes: TrieNode[] }[] = [];

  constructor(newId: () => RowId) {
    this.#newId = newId;
  }

  add(node: TrieNode): Pointer {
    let row = this.#rows.at(-1);
    if (row === undefined || row.nodes.length === MAX_NODES) {
      row = { id: this.#newId(), nodes: [] };
      this.#rows.push(row);
    }
    row.nodes.push(node);
    return pointerTo(row.id, row.nodes.length - 1);
  }

  get lastRow(): RowId | undefined {
    return this.#rows.at(-1)?.id;
  }

  rows(): EncodedRow[] {
    return this.#rows.map((row: Row) => encodeRow(row));
  }
}

interface Rebuilding {
  readonly nodes: TrieNodes;
  readonly copies: Copies;
}

/** The subtree with the changes made, which all lie in it. The pointer stays the same when nothing changed. */
const rebuild = (build: Rebuilding, pointer: Pointer, level: number, changes: readonly Change[]): Pointer => {
  const slots = [...build.nodes.slots(pointer, level)];
  while (slots.length < FAN_OUT) slots.push(0);
  const changed: number[] = [];
  for (const [digit, below] of bySlot(changes, level)) {
    const before = slots[digit] ?? 0;
    const after = level === 0 ? (below.at(-1)?.[1] ?? 0) : rebuild(build, before, level - 1, below);
    if (after === before) continue;
    slots[digit] = after;
    changed.push(digit);
  }
  return changed.length === 0 ? pointer : copy(build, pointer, { level, slots }, changed);
};

const copy = ({ nodes, copies }: Rebuilding, pointer: Pointer, node: FullNode, changed: readonly number[]): Pointer => {
  const last = node.slots.findLastIndex((slot) => slot !== 0);
  if (last < 0) return 0;
  const trimmed = { ...node, slots: node.slots.slice(0, last + 1) };
  return copies.add(patchOf(nodes, pointer, trimmed, changed) ?? trimmed);
};

/** A changed node as it differs from the full one that it, or what it comes from, is a copy of; if that is shorter. */
const patchOf = (
  nodes: TrieNodes,
  pointer: Pointer,
  { level, slots }: FullNode,
  changed: readonly number[],
): PatchNode | undefined => {
  const before = nodes.at(pointer);
  if (before?.level !== level) return undefined;
  const earlier = isPatch(before) ? before.changes.filter((_, at) => at % 2 === 0) : [];
  const digits = new Set([...earlier, ...changed]);
  if (digits.size > MAX_PATCHED || digits.size * 2 + 2 > slots.length) return undefined;
  const ascending = [...digits].sort((a, b) => a - b);
  return {
    level,
    base: isPatch(before) ? before.base : pointer,
    changes: ascending.flatMap((digit) => [digit, slots[digit] ?? 0]),
  };
};

const bySlot = (changes: readonly Change[], level: number): Map<number, Change[]> =>
  Map.groupBy(changes, ([key]) => digitOf(key, level));

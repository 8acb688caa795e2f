import type { TrieQuestion } from './trie-nodes.ts';
import { TrieNodes, digitOf, span } from './trie-nodes.ts';
import type { EventNid, KeyNumber, Pointer, Root } from './trie-row.ts';
import { FAN_OUT } from './trie-row.ts';

/** The events at some keys. Keys without one are left out. */
export function* lookup(root: Root, keys: Iterable<KeyNumber>): TrieQuestion<Map<KeyNumber, EventNid>> {
  const nodes = new TrieNodes();
  const [top = 0] = yield* nodes.roots([root]);
  const rootLevel = nodes.at(top)?.level ?? 0;
  let wave: [KeyNumber, number][] = [];
  for (const key of keys) if (key < span(rootLevel + 1)) wave.push([key, top]);
  for (let level = rootLevel; level >= 0; level -= 1) {
    yield* nodes.load(wave.map(([, pointer]) => pointer));
    wave = wave.map(([key, pointer]) => [key, nodes.slot(pointer, level, digitOf(key, level))]);
  }
  return new Map(wave.filter(([, event]) => event !== 0));
}

/** All keys in ascending order with their events. */
export function* entries(root: Root): TrieQuestion<[key: KeyNumber, event: EventNid][]> {
  const nodes = new TrieNodes();
  const [top = 0] = yield* nodes.roots([root]);
  let wave: [firstKey: KeyNumber, pointer: Pointer][] = top === 0 ? [] : [[0, top]];
  for (let level = nodes.at(top)?.level ?? -1; level >= 0; level -= 1) {
    yield* nodes.load(wave.map(([, pointer]) => pointer));
    const below: typeof wave = [];
    for (let at = 0; at < wave.length; at += BRANCHES_AT_ONCE) {
      for (const branch of wave.slice(at, at + BRANCHES_AT_ONCE)) below.push(...filledSlots(nodes, branch, level));
      yield NOTHING;
    }
    wave = below;
  }
  return wave;
}

/** Looked at before whoever asks may pause. */
const BRANCHES_AT_ONCE = 20;
const NOTHING: readonly never[] = [];

const filledSlots = (
  nodes: TrieNodes,
  [firstKey, pointer]: readonly [KeyNumber, Pointer],
  level: number,
): [KeyNumber, number][] => {
  const filled: [KeyNumber, number][] = [];
  for (const [digit, slot] of nodes.slots(pointer, level).entries()) {
    if (slot !== 0) filled.push([firstKey + digit * span(level), slot]);
  }
  return filled;
};

/** The keys at which two states differ, in ascending order, with both events; 0 where one has none. */
export function* diff(a: Root, b: Root): TrieQuestion<[key: KeyNumber, inA: EventNid, inB: EventNid][]> {
  const differing = yield* diffMany([a, b]);
  return [...differing].map(([key, [inA = 0, inB = 0]]) => [key, inA, inB]);
}

interface Branch {
  readonly firstKey: KeyNumber;
  /** One for each state; not all the same. */
  readonly pointers: readonly Pointer[];
}

/**
 * The keys at which several states are not all the same, in ascending order, with the event that each state has
 * there (0 for none). Subtrees that all of them share are never looked at: this costs as much as they differ.
 */
export function* diffMany(roots: readonly Root[]): TrieQuestion<Map<KeyNumber, readonly EventNid[]>> {
  const nodes = new TrieNodes();
  const tops = yield* nodes.roots(roots);
  const rootLevel = Math.max(0, ...tops.map((top) => nodes.at(top)?.level ?? 0));
  let wave: Branch[] = allSame(tops) ? [] : [{ firstKey: 0, pointers: tops }];
  for (let level = rootLevel; level >= 0; level -= 1) {
    yield* nodes.load(wave.flatMap(({ pointers }) => pointers));
    wave = wave.flatMap((branch) => differingSlots(nodes, branch, level));
  }
  return new Map(wave.map(({ firstKey, pointers }) => [firstKey, pointers]));
}

const differingSlots = (nodes: TrieNodes, { firstKey, pointers }: Branch, level: number): Branch[] => {
  const differing: Branch[] = [];
  const slots = pointers.map((pointer) => nodes.slots(pointer, level));
  for (let digit = 0; digit < FAN_OUT; digit += 1) {
    if (isSameAt(slots, digit)) continue;
    differing.push({ firstKey: firstKey + digit * span(level), pointers: slots.map((of) => of[digit] ?? 0) });
  }
  return differing;
};

/** Mostly so: nothing is made to find that out. */
const isSameAt = (slots: readonly (readonly number[])[], digit: number): boolean => {
  const first = slots[0]?.[digit] ?? 0;
  for (const of of slots) if ((of[digit] ?? 0) !== first) return false;
  return true;
};

const allSame = (values: readonly number[]): boolean => values.every((value) => value === values[0]);

import { VarintReader, VarintWriter, unzigzag, zigzag } from './varint.ts';

/** Numbers a state key (type and key) within its room. */
export type KeyNumber = number;
/** Numbers an event within this server. 0 is none. */
export type EventNid = number;
export type RowId = number;
/** A snapshot is named by its row; a room without any state has none. */
export type Root = RowId | undefined;

/**
 * A node's address: its row's id times 16, plus its index in the row. 0 is none.
 * Row ids up to 2^49 fit; equal pointers mean equal subtrees.
 */
export type Pointer = number;

/** How many slots a node has. Changing it makes every stored row unreadable. */
export const FAN_OUT = 32;
const ADDRESSES = 16;
/** More levels than there are, so that the heads of patches are told from those of full nodes. */
const PATCHES = 16;
/** Fewer than there are addresses for. A path from leaf to root always fits: eleven nodes reach 2^53 keys. */
export const MAX_NODES = 12;

/** A leaf (level 0) holds event numbers, other nodes hold pointers. */
export type TrieNode = FullNode | PatchNode;

/** Slots that are missing at the end hold 0. */
export interface FullNode {
  readonly level: number;
  readonly slots: readonly number[];
}

/** A node as it differs from a full one of the same level. Never from another patch, so that no chains are followed. */
export interface PatchNode {
  readonly level: number;
  readonly base: Pointer;
  /** Slot and what it holds (0 for nothing), one after the other, by ascending slot. */
  readonly changes: readonly number[];
}

export const isPatch = (node: TrieNode): node is PatchNode => 'base' in node;

/** What is stored under one id. Immutable, so that a cache of decoded rows never has to forget one. */
export interface Row {
  readonly id: RowId;
  readonly nodes: readonly TrieNode[];
}

export interface EncodedRow {
  readonly id: RowId;
  readonly data: Uint8Array;
}

export const pointerTo = (row: RowId, index: number): Pointer => row * ADDRESSES + index;
export const rowOf = (pointer: Pointer): RowId => Math.floor(pointer / ADDRESSES);
export const indexOf = (pointer: Pointer): number => pointer % ADDRESSES;

/**
 * A row as bytes, all of them varints:
 *
 *     base, then nodes up to the end
 *     full node   level * 32 + (number of slots - 1), then that many slots
 *     patch       (level + 16) * 32 + (number of changes - 1), a pointer to the full node, then place and slot of each
 *     slot        0 for nothing; in a leaf event - base + 1; elsewhere a pointer
 *     pointer     (distance + 1) * 16 + index
 *
 * `base` is the lowest event number in the row's leaves: most of a leaf is old, often from one bulk of events.
 * `distance` is this row's id minus the id of the row pointed to, zigzag: ids that are handed out in blocks need not
 * ascend. Children stand before their parents, so that the last node of a snapshot's row is its root.
 */
export const encodeRow = ({ id, nodes }: Row): EncodedRow => {
  const writer = new VarintWriter();
  const base = lowestEvent(nodes);
  const slot = (level: number, value: number): void => {
    if (value === 0) writer.write(0);
    else writer.write(level === 0 ? value - base + 1 : encodePointer(id, value));
  };
  const patch = ({ level, base: of, changes }: PatchNode): void => {
    writer.write((level + PATCHES) * FAN_OUT + changes.length / 2 - 1);
    writer.write(encodePointer(id, of));
    for (const [at, value] of changes.entries()) {
      if (at % 2 === 0) writer.write(value);
      else slot(level, value);
    }
  };
  const full = ({ level, slots }: FullNode): void => {
    writer.write(level * FAN_OUT + slots.length - 1);
    for (const value of slots) slot(level, value);
  };
  writer.write(base);
  for (const node of nodes) {
    if (isPatch(node)) patch(node);
    else full(node);
  }
  return { id, data: writer.bytes() };
};

const encodePointer = (id: RowId, pointer: Pointer): number =>
  pointerTo(zigzag(id - rowOf(pointer)) + 1, indexOf(pointer));

/** The event numbers in a leaf, zeros among them. */
const eventsIn = (leaf: TrieNode): readonly EventNid[] =>
  isPatch(leaf) ? leaf.changes.filter((_, at) => at % 2 === 1) : leaf.slots;

const lowestEvent = (nodes: readonly TrieNode[]): EventNid => {
  let lowest = Infinity;
  for (const node of nodes) {
    if (node.level > 0) continue;
    for (const event of eventsIn(node)) if (event !== 0 && event < lowest) lowest = event;
  }
  return lowest === Infinity ? 0 : lowest;
};

export const decodeRow = (row: EncodedRow): Row => {
  const reader = new NodeReader(row);
  const nodes: TrieNode[] = [];
  while (!reader.done) nodes.push(reader.node());
  // Lists that have grown have room for 17 entries or more; their copies, which are kept, take what they need.
  return { id: row.id, nodes: nodes.slice() };
};

class NodeReader {
  readonly #id: RowId;
  readonly #numbers: VarintReader;
  readonly #base: EventNid;

  constructor({ id, data }: EncodedRow) {
    this.#id = id;
    this.#numbers = new VarintReader(data);
    this.#base = this.#numbers.read();
  }

  get done(): boolean {
    return this.#numbers.done;
  }

  node(): TrieNode {
    const head = this.#numbers.read();
    const level = Math.floor(head / FAN_OUT);
    const count = (head % FAN_OUT) + 1;
    return level < PATCHES ? this.#full(level, count) : this.#patch(level - PATCHES, count);
  }

  #full(level: number, count: number): FullNode {
    const slots: number[] = [];
    while (slots.length < count) slots.push(this.#slot(level));
    return { level, slots: slots.slice() };
  }

  #patch(level: number, count: number): PatchNode {
    const base = this.#pointer(this.#numbers.read());
    const changes: number[] = [];
    while (changes.length < 2 * count) changes.push(this.#numbers.read(), this.#slot(level));
    return { level, base, changes: changes.slice() };
  }

  #slot(level: number): number {
    const code = this.#numbers.read();
    if (code === 0) return 0;
    return level === 0 ? this.#base + code - 1 : this.#pointer(code);
  }

  #pointer(code: number): Pointer {
    return pointerTo(this.#id - unzigzag(rowOf(code) - 1), indexOf(code));
  }
}

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
/** Fewer than there are addresses for. A path from leaf to root always fits: eleven nodes reach 2^53 keys. */
export const MAX_NODES = 12;

/** A leaf (level 0) holds event numbers, other nodes hold pointers. Slots that are missing at the end hold 0. */
export interface TrieNode {
  readonly level: number;
  readonly slots: readonly number[];
}

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
 *     node   level * 32 + (number of slots - 1), then that many slots
 *     slot   0 for nothing; in a leaf event - base + 1; elsewhere (distance + 1) * 16 + index
 *
 * `base` is the lowest event number in the row's leaves: most of a leaf is old, often from one bulk of events. `distance` is this row's id minus the id of the row
 * pointed to, zigzag: ids that are handed out in blocks need not ascend. Children stand before their parents, so that
 * the last node of a snapshot's row is its root.
 */
export const encodeRow = ({ id, nodes }: Row): EncodedRow => {
  const writer = new VarintWriter();
  const base = lowestEvent(nodes);
  writer.write(base);
  for (const { level, slots } of nodes) {
    writer.write(level * FAN_OUT + slots.length - 1);
    for (const slot of slots) {
      if (slot === 0) writer.write(0);
      else if (level === 0) writer.write(slot - base + 1);
      else writer.write(pointerTo(zigzag(id - rowOf(slot)) + 1, indexOf(slot)));
    }
  }
  return { id, data: writer.bytes() };
};

const lowestEvent = (nodes: readonly TrieNode[]): EventNid => {
  const events = nodes.flatMap(({ level, slots }) => (level === 0 ? slots.filter((slot) => slot !== 0) : []));
  return events.reduce((lowest, event) => Math.min(lowest, event), events[0] ?? 0);
};

export const decodeRow = ({ id, data }: EncodedRow): Row => {
  const reader = new VarintReader(data);
  const base = reader.read();
  const nodes: TrieNode[] = [];
  while (!reader.done) {
    const head = reader.read();
    const level = Math.floor(head / FAN_OUT);
    const slots: number[] = [];
    for (let left = (head % FAN_OUT) + 1; left > 0; left -= 1) {
      const code = reader.read();
      if (code === 0) slots.push(0);
      else if (level === 0) slots.push(base + code - 1);
      else slots.push(pointerTo(id - unzigzag(rowOf(code) - 1), indexOf(code)));
    }
    nodes.push({ level, slots });
  }
  return { id, nodes };
};

import type { AuthGraph, Ordinal } from './auth-graph.ts';
import type { EventNid } from './trie-row.ts';
import { VarintReader, VarintWriter, unzigzag, zigzag } from './varint.ts';

/** Events in a stored chunk. Changing it makes stored graphs unreadable. */
export const CHUNK_EVENTS = 128;

export const chunkOf = (ordinal: Ordinal): number => Math.floor(ordinal / CHUNK_EVENTS);

export interface AuthEntry {
  readonly ordinal: Ordinal;
  readonly nid: EventNid;
  /** That of the ordinal before; anything for the first ordinal of all. */
  readonly previousNid: EventNid;
  readonly authEvents: readonly Ordinal[];
}

/**
 * An event's bytes in its chunk. A chunk is nothing but its entries, so it grows by concatenation.
 *
 *     nid minus that of the entry before (or 0 at the start of a chunk), zigzag
 *     number of auth events, then their distances: from the event itself to the nearest, and from each to the next
 */
export const encodeEntry = ({ ordinal, nid, previousNid, authEvents }: AuthEntry): Uint8Array => {
  const writer = new VarintWriter();
  writer.write(zigzag(nid - (ordinal % CHUNK_EVENTS === 0 ? 0 : previousNid)));
  const nearestFirst = [...new Set(authEvents)].sort((a, b) => b - a);
  writer.write(nearestFirst.length);
  let from = ordinal;
  for (const authEvent of nearestFirst) {
    writer.write(from - authEvent);
    from = authEvent;
  }
  return writer.bytes();
};

/** Appends a chunk's events to the graph. Chunks come in their order, each of them once. */
export const decodeChunk = (graph: AuthGraph, data: Uint8Array): void => {
  const reader = new VarintReader(data);
  let nid = 0;
  while (!reader.done) {
    nid += unzigzag(reader.read());
    const authEvents: Ordinal[] = [];
    let from = graph.size;
    for (let left = reader.read(); left > 0; left -= 1) {
      from -= reader.read();
      authEvents.push(from);
    }
    graph.append(nid, authEvents);
  }
};

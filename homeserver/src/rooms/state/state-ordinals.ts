import { LRUCache } from 'lru-cache';
import type { AuthGraph, Ordinal } from '../../core/state/auth-graph.ts';
import { OrdinalSet } from '../../core/state/ordinal-set.ts';
import { atMost } from '../../platform/at-most.ts';
import { breathe } from '../../platform/breathe.ts';
import type { EventNid, RoomNid, SnapshotId } from '../model.ts';
import type { Tries } from './tries.ts';

const ROOMS_KEPT = 200;
/** Beyond this many changes it is quicker to read the state again than to look at each. */
const MAX_CHANGES = 1_000;
/** Looked at without a pause: some milliseconds' worth. */
const ORDINALS_AT_ONCE = 50_000;

interface Known {
  readonly graph: AuthGraph;
  readonly generation: number;
  readonly ordinals: OrdinalSet;
  snapshot: SnapshotId;
}

interface Asked {
  readonly room: RoomNid;
  readonly graph: AuthGraph;
  readonly snapshot: SnapshotId;
}

/**
 * The places that a room's state has in its graph of authority. The set for one state becomes the set for the next one
 * by what the two differ in, so that only the first fork of a room reads the whole state.
 */
export class StateOrdinals {
  readonly #tries: Pick<Tries, 'entries' | 'diff' | 'generation'>;
  readonly #known = new LRUCache<RoomNid, Known>(atMost(ROOMS_KEPT));

  constructor(tries: Pick<Tries, 'entries' | 'diff' | 'generation'>) {
    this.#tries = tries;
  }

  /** The set is this one's own: good until the next call for the room, and to be left as it was. */
  async of(
    { room, graph, snapshot }: Asked,
    ordinalsOf: (nids: readonly EventNid[]) => Promise<ReadonlyMap<EventNid, Ordinal>>,
  ): Promise<OrdinalSet> {
    const known = this.#known.get(room);
    // A graph that was dropped may have given its numbers to other events since; a state may have been collected.
    if (known?.graph !== graph || known.generation !== this.#tries.generation) {
      return this.#read({ room, graph, snapshot });
    }
    const changes = await this.#tries.diff(known.snapshot, snapshot);
    if (changes.length > MAX_CHANGES) return this.#read({ room, graph, snapshot });
    const ordinals = await ordinalsOf(changes.flatMap(([, was, is]) => [was, is]).filter((nid) => nid !== 0));
    for (const [, was] of changes) if (was !== 0) known.ordinals.delete(numberOf(ordinals, was));
    for (const [, , is] of changes) if (is !== 0) known.ordinals.add(numberOf(ordinals, is));
    known.snapshot = snapshot;
    return known.ordinals;
  }

  async #read({ room, graph, snapshot }: Asked): Promise<OrdinalSet> {
    const { generation } = this.#tries;
    const state = new Set((await this.#tries.entries(snapshot)).map(([, nid]) => nid));
    const ordinals = new OrdinalSet();
    for (let ordinal = 0; ordinal < graph.size; ordinal += 1) {
      if (ordinal % ORDINALS_AT_ONCE === ORDINALS_AT_ONCE - 1) await breathe();
      if (state.delete(graph.nid(ordinal))) ordinals.add(ordinal);
    }
    for (const nid of state) throw numberless(nid);
    this.#known.set(room, { graph, generation, ordinals, snapshot });
    return ordinals;
  }
}

const numberOf = (ordinals: ReadonlyMap<EventNid, Ordinal>, nid: EventNid): Ordinal => {
  const ordinal = ordinals.get(nid);
  if (ordinal === undefined) throw numberless(nid);
  return ordinal;
};

/** All state of a room has a place in the graph: without, the difference of chains would be wrong. */
export const numberless = (nid: EventNid): Error => new Error(`event ${nid} is state without a number of authority`);

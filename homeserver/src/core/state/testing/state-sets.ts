import type { EventId } from '@holm/spec/ids';
import type { Event, StateEvent } from '../../events/event.ts';
import { decide } from '../../needs.ts';
import type { RoomVersion } from '../../rooms/room-version.ts';
import { authDifference } from '../auth-difference.ts';
import { AuthGraph } from '../auth-graph.ts';
import { conflictedSubgraph } from '../auth-sweep.ts';
import type { Conflict } from '../conflict.ts';
import { isEventNeed } from '../conflict.ts';
import { resolve } from '../resolve.ts';
import type { StateKeyString } from '../state-key.ts';

export type RoomState = ReadonlyMap<StateKeyString, EventId>;
export type Events = ReadonlyMap<EventId, Event>;

/** Whether to resolve as the specification words it, or as servers do; ADR 0008 says where that differs. */
export type Reading = 'letter' | 'servers';

export interface Split {
  readonly unconflicted: Map<StateKeyString, EventId>;
  readonly conflicted: Map<StateKeyString, EventId[]>;
}

export const splitStates = (sets: readonly RoomState[]): Split => {
  const split: Split = { unconflicted: new Map(), conflicted: new Map() };
  for (const key of new Set(sets.flatMap((set) => [...set.keys()]))) {
    const values = new Set(sets.map((set) => set.get(key)));
    const ids = [...values].filter((id) => id !== undefined);
    const [only] = ids;
    if (values.size === 1 && only !== undefined) split.unconflicted.set(key, only);
    else split.conflicted.set(key, ids);
  }
  return split;
};

export interface ReadingOptions {
  /** Literal unless the servers' reading is asked for. */
  readonly reading?: Reading;
  readonly rejected?: ReadonlySet<EventId>;
}

/** The conflict of some states, its chains worked out by the auth graph as the server would. */
export const conflictOf = (
  sets: readonly RoomState[],
  events: Events,
  { reading = 'letter', rejected = new Set() }: ReadingOptions = {},
): Conflict => {
  const { conflicted, unconflicted } = splitStates(sets);
  const graph = new AuthGraph();
  const ordinals = new Map<EventId, number>();
  const ids = [...events.keys()];
  const ordinalOf = (id: EventId): number => {
    const known = ordinals.get(id);
    if (known !== undefined) return known;
    const edges = (events.get(id)?.authEvents ?? []).map(ordinalOf);
    const ordinal = graph.append(ids.indexOf(id) + 1, edges);
    ordinals.set(id, ordinal);
    return ordinal;
  };
  ids.forEach(ordinalOf);
  const toIds = (found: readonly number[]) =>
    found.map((ordinal) => ids[graph.nid(ordinal) - 1]).filter((id) => id !== undefined);

  const changed = sets.map((set) => [...conflicted.keys()].flatMap((key) => set.get(key) ?? []).map(ordinalOf));
  const shared = [...unconflicted.values()].map(ordinalOf);
  return {
    conflicted,
    authDifference: toIds(authDifference(graph, changed, { inclusive: reading === 'servers', shared })),
    conflictedSubgraph: toIds(conflictedSubgraph(graph, [...conflicted.values()].flat().map(ordinalOf))),
    isRejected: (id) => rejected.has(id),
  };
};

/** Resolves whole states as the server does, with everything at hand. */
export const resolveStates = (
  version: RoomVersion,
  sets: readonly RoomState[],
  events: Events,
  options: ReadingOptions = {},
): RoomState => {
  const { unconflicted } = splitStates(sets);
  const resolution = decide(resolve(version, conflictOf(sets, events, options)), (need): Event | undefined => {
    const id = isEventNeed(need) ? need : unconflicted.get(need);
    return id === undefined ? undefined : events.get(id);
  });
  const resolved = new Map(unconflicted);
  for (const [key, id] of resolution) if (id !== undefined) resolved.set(key, id);
  return resolved;
};

export const asState = (event: Event | undefined): StateEvent => {
  if (event?.stateKey === undefined) throw new Error('not a state event');
  return event as StateEvent;
};

import type { EventId } from '@holm/spec/ids';
import type { Event } from '../events/event.ts';
import type { Needs } from '../needs.ts';
import type { StateKeyString } from './state-key.ts';

/** What several states do not agree on. Everything else of them is the *unconflicted state map*. */
export interface Conflict {
  /** For each key at which the states are not all the same: the different events that they have there. */
  readonly conflicted: ReadonlyMap<StateKeyString, readonly EventId[]>;
  /** What is in the auth chains of some of the states but not of all. Version 1 does not look at it. */
  readonly authDifference: Iterable<EventId>;
  /** What lies on paths between conflicted events. Only v2.1 looks at it. */
  readonly conflictedSubgraph: Iterable<EventId>;
  /** Events that were rejected: they lend no authority. Asked only about events that have been loaded. */
  readonly isRejected?: (eventId: EventId) => boolean;
}

/**
 * A resolution asks for events: by their id, or by the key at which the unconflicted state map has them (where it
 * has none, or not that key, the answer has none either). It never asks for a conflicted key, so the state of any
 * one of the sets may answer. `isEventNeed` tells the two apart.
 */
export type ResolutionNeed = EventId | StateKeyString;

export const isEventNeed = (need: ResolutionNeed): need is EventId => !need.includes('\u0000');

/**
 * How the resolved state differs from the unconflicted state map: what each conflicted key holds (undefined: nothing),
 * and keys that none of the states holds but that the resolution has brought back.
 */
export type Resolution = ReadonlyMap<StateKeyString, EventId | undefined>;

export type Resolving = Needs<ResolutionNeed, Event, Resolution>;

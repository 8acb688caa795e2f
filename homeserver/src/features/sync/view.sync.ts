import type { sync } from '@holm/spec/client-server/sync';
import type { QueryOf } from '@holm/spec/endpoint';
import type { Filter } from '../../core/filters/filter.ts';
import type { Caller } from '../../http/route.ts';
import type { Position } from '../../streams/stream.ts';

/** Under which name a client wants the state at the end of the timeline, or `state`: that before the timeline. */
export type StateField = 'state' | 'state_after' | 'org.matrix.msc4222.state_after';

/** What one response shows to whom: everything after `after`, up to and including `upTo`, and nothing else. */
export interface View {
  readonly viewer: Caller;
  readonly filter: Filter;
  /** Of the stream of events; absent for somebody who knows nothing yet. */
  readonly after: Position | undefined;
  readonly upTo: Position;
  readonly fullState: boolean;
  readonly stateField: StateField;
}

/** Settled positions: of the stream of events, then of each part's. */
export type Positions = readonly Position[];

/** What there is to tell. */
export interface Told {
  /** The members of the answer that are news; nothing if there is nothing to tell. */
  readonly text: string | undefined;
  /** Up to where. */
  readonly reached: Positions;
}

/** Whoever asks by the name that the proposal had is answered by that name. */
export const stateFieldOf = (query: QueryOf<typeof sync>): StateField => {
  if (query.use_state_after === true) return 'state_after';
  return query['org.matrix.msc4222.use_state_after'] === true ? 'org.matrix.msc4222.state_after' : 'state';
};

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

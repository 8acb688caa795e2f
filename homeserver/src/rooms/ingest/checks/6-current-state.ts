import type { AuthState } from '../../../core/auth/auth-state.ts';
import type { Event } from '../../../core/events/event.ts';
import type { Verdict } from '../../../core/verdict.ts';
import type { SnapshotId } from '../../model.ts';
import type { States } from '../../state/states.ts';
import type { Change } from '../../write/change.ts';
import { checkByState } from './5-state-before.ts';

export interface CurrentState {
  readonly change: Change;
  readonly snapshot: SnapshotId;
  readonly others: AuthState | undefined;
}

/** Check 6: the rules allow it by the room's current state, "otherwise it is soft failed". */
export const checkByCurrentState = (
  states: States,
  event: Event,
  { change, snapshot, others }: CurrentState,
): Promise<Verdict> => checkByState(states, change, event, { snapshot, others });

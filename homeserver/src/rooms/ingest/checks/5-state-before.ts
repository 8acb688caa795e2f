import { authorise } from '../../../core/auth/authorise.ts';
import { stateToAuthorise } from '../../../core/auth/selection.ts';
import type { Event } from '../../../core/events/event.ts';
import type { Verdict } from '../../../core/verdict.ts';
import type { SnapshotId } from '../../model.ts';
import type { AuthState } from '../../../core/auth/auth-state.ts';
import { authStateOf, type States } from '../../state/states.ts';
import type { Change } from '../../write/change.ts';

export interface KnownState {
  readonly snapshot: SnapshotId;
  /** What stands in for members that the state does not know, while it is incomplete. */
  readonly others?: AuthState | undefined;
}

/** Check 5: the rules allow it by the state before it, "otherwise it is rejected". */
export const checkByState = async (
  states: States,
  change: Change,
  event: Event,
  { snapshot, others = () => undefined }: KnownState,
): Promise<Verdict> => {
  const view = await states.view(change.room, snapshot, stateToAuthorise(event.version, event), change);
  const state = authStateOf(view);
  return authorise(event, (type, key) => state(type, key) ?? others(type, key));
};

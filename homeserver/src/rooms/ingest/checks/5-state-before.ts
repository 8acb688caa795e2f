import { authorise } from '../../../core/auth/authorise.ts';
import { stateToAuthorise } from '../../../core/auth/selection.ts';
import type { Event } from '../../../core/events/event.ts';
import type { Verdict } from '../../../core/verdict.ts';
import type { SnapshotId } from '../../model.ts';
import { authStateOf, type States } from '../../state/states.ts';
import type { Change } from '../../write/change.ts';

/** Check 5: the rules allow it by the state before it, "otherwise it is rejected". */
export const checkByState = async (
  states: States,
  change: Change,
  event: Event,
  snapshot: SnapshotId,
): Promise<Verdict> => {
  const view = await states.view(change.room, snapshot, stateToAuthorise(event.version, event), change);
  return authorise(event, authStateOf(view));
};

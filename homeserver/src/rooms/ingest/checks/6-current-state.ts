import type { Event } from '../../../core/events/event.ts';
import type { Verdict } from '../../../core/verdict.ts';
import type { States } from '../../state/states.ts';
import type { Change } from '../../write/change.ts';
import { checkByState } from './5-state-before.ts';

/** Check 6: the rules allow it by the room's current state, "otherwise it is soft failed". */
export const checkByCurrentState = (states: States, change: Change, event: Event): Promise<Verdict> =>
  checkByState(states, change, event, change.head.snapshot);

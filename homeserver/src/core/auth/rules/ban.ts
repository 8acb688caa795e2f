import type { StateEvent } from '../../events/event.ts';
import type { Verdict } from '../../verdict.ts';
import { ALLOW, refuse } from '../../verdict.ts';
import type { AuthState } from '../auth-state.ts';
import { membershipOf } from '../auth-state.ts';
import { namedLevel, outranks, powerLevelOf } from '../power-levels.ts';

/** `m.room.member` with `membership: ban`. */
export const checkBan = (event: StateEvent, state: AuthState): Verdict => {
  if (membershipOf(event.sender, state) !== 'join') return refuse('the sender is not in the room');
  if (powerLevelOf(event.sender, state) < namedLevel(state, 'ban')) {
    return refuse("the sender's power level is below the ban level");
  }
  return outranks(event.sender, event.stateKey, state)
    ? ALLOW
    : refuse('the target user has as much power as the sender');
};

import type { StateEvent } from '../../events/event.ts';
import type { Verdict } from '../../verdict.ts';
import { ALLOW, refuse } from '../../verdict.ts';
import type { AuthState } from '../auth-state.ts';
import { membershipOf } from '../auth-state.ts';
import { namedLevel, outranks, powerLevelOf } from '../power-levels.ts';

/** `m.room.member` with `membership: leave`: leaving, declining, withdrawing a knock, kicking and unbanning. */
export const checkLeave = (event: StateEvent, state: AuthState): Verdict => {
  const target = membershipOf(event.stateKey, state);
  if (event.sender === event.stateKey) return checkOwnLeave(event, target);
  if (membershipOf(event.sender, state) !== 'join') return refuse('the sender is not in the room');
  const power = powerLevelOf(event.sender, state);
  if (target === 'ban' && power < namedLevel(state, 'ban')) {
    return refuse("the sender's power level is below the ban level");
  }
  if (power < namedLevel(state, 'kick')) return refuse("the sender's power level is below the kick level");
  return outranks(event.sender, event.stateKey, state)
    ? ALLOW
    : refuse('the target user has as much power as the sender');
};

const checkOwnLeave = ({ version }: StateEvent, current: string): Verdict => {
  if (current === 'join' || current === 'invite') return ALLOW;
  if (current === 'knock' && version.auth.memberships.has('knock')) return ALLOW;
  return refuse(current === 'ban' ? 'the sender is banned' : 'the sender is not in the room');
};

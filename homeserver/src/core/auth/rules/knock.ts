import type { StateEvent } from '../../events/event.ts';
import type { Verdict } from '../../verdict.ts';
import { ALLOW, refuse } from '../../verdict.ts';
import type { AuthState } from '../auth-state.ts';
import { joinRuleOf, membershipOf } from '../auth-state.ts';

/** `m.room.member` with `membership: knock`, from version 7 on. */
export const checkKnock = (event: StateEvent, state: AuthState): Verdict => {
  if (!event.version.auth.knockable.has(joinRuleOf(state))) return refuse('the join rule does not admit knocks');
  if (event.sender !== event.stateKey) return refuse('nobody may knock for somebody else');
  const current = membershipOf(event.sender, state);
  if (current === 'ban') return refuse('the sender is banned');
  if (current === 'invite') return refuse('the sender is already invited');
  if (current === 'join') return refuse('the sender is already in the room');
  return ALLOW;
};

import type { StateEvent } from '../../events/event.ts';
import type { Verdict } from '../../verdict.ts';
import { ALLOW, refuse } from '../../verdict.ts';
import type { AuthState } from '../auth-state.ts';
import { membershipOf } from '../auth-state.ts';
import { mayInvite } from '../power-levels.ts';
import { checkThirdPartyInvite } from './third-party-invite.ts';

/** `m.room.member` with `membership: invite`. */
export const checkInvite = (event: StateEvent, state: AuthState): Verdict => {
  if (event.content['third_party_invite'] !== undefined) return checkThirdPartyInvite(event, state);
  if (membershipOf(event.sender, state) !== 'join') return refuse('the sender is not in the room');
  const target = membershipOf(event.stateKey, state);
  if (target === 'join') return refuse('the target user is already in the room');
  if (target === 'ban') return refuse('the target user is banned');
  return mayInvite(event.sender, state) ? ALLOW : refuse("the sender's power level is below the invite level");
};

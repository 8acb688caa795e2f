import type { StateEvent } from '../../events/event.ts';
import type { Verdict } from '../../verdict.ts';
import { ALLOW, refuse } from '../../verdict.ts';
import type { AuthState } from '../auth-state.ts';
import { creatorsOf, joinRuleOf, membershipOf } from '../auth-state.ts';
import { mayInvite } from '../power-levels.ts';

/** `m.room.member` with `membership: join`. */
export const checkJoin = (event: StateEvent, state: AuthState): Verdict => {
  if (isCreatorsFirstJoin(event, state)) return ALLOW;
  if (event.sender !== event.stateKey) return refuse('nobody may join for somebody else');
  const current = membershipOf(event.sender, state);
  if (current === 'ban') return refuse('the sender is banned');
  return checkJoinRule(event, state, current);
};

const checkJoinRule = (event: StateEvent, state: AuthState, current: string): Verdict => {
  const rule = joinRuleOf(state);
  if (rule === 'public') return ALLOW;
  const { restricted, knockable } = event.version.auth;
  const isRestricted = restricted.has(rule);
  if (!isRestricted && rule !== 'invite' && !knockable.has(rule)) return refuse('the join rule admits nobody');
  if (current === 'join' || current === 'invite') return ALLOW;
  return isRestricted ? checkAuthorisingUser(event, state) : refuse('the sender is not invited');
};

/** Only the one who sent the create event; additional creators join like everybody else. */
const isCreatorsFirstJoin = (event: StateEvent, state: AuthState): boolean => {
  const create = state('m.room.create', '');
  if (create === undefined || event.prevEvents.length !== 1 || event.prevEvents[0] !== create.eventId) return false;
  return creatorsOf(create)[0] === event.stateKey;
};

/** Somebody in the room vouches that the sender meets one of the conditions; their server's signature was checked. */
const checkAuthorisingUser = (event: StateEvent, state: AuthState): Verdict => {
  const user = event.content['join_authorised_via_users_server'];
  if (typeof user !== 'string') return refuse('the sender is not invited, and nobody authorises the join');
  if (membershipOf(user, state) !== 'join') return refuse('the authorising user is not in the room');
  return mayInvite(user, state) ? ALLOW : refuse('the authorising user may not invite');
};

import { UserId } from '@holm/spec/ids';
import type { Event, StateEvent } from '../../events/event.ts';
import type { Membership } from '../../events/membership.ts';
import { isState } from '../../events/event.ts';
import type { Verdict } from '../../verdict.ts';
import { refuse } from '../../verdict.ts';
import type { AuthState } from '../auth-state.ts';
import { checkBan } from './ban.ts';
import { checkInvite } from './invite.ts';
import { checkJoin } from './join.ts';
import { checkKnock } from './knock.ts';
import { checkLeave } from './leave.ts';

type Rule = (event: StateEvent, state: AuthState) => Verdict;

const RULES: Readonly<Record<Membership, Rule>> = {
  join: checkJoin,
  invite: checkInvite,
  leave: checkLeave,
  ban: checkBan,
  knock: checkKnock,
};

const isMembership = (value: unknown, known: ReadonlySet<Membership>): value is Membership =>
  (known as ReadonlySet<unknown>).has(value);

/** `m.room.member` (rule 5 of version 1 and 12, 4 of those between). */
export const checkMember = (event: Event, state: AuthState): Verdict => {
  if (!isState(event)) return refuse('a membership has no state key');
  const { membership, join_authorised_via_users_server: authorising } = event.content;
  if (membership === undefined) return refuse('the content has no membership');
  const { restricted, memberships } = event.version.auth;
  // Whether that user's server signed the event is checked on receipt, where keys are at hand.
  if (membership === 'join' && restricted.size > 0 && authorising !== undefined && !UserId.is(authorising)) {
    return refuse('join_authorised_via_users_server is not a user id');
  }
  if (!isMembership(membership, memberships)) return refuse('the membership is not known');
  return RULES[membership](event, state);
};

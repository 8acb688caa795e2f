import type { MembershipChange } from './entry.ts';

type Content = Readonly<Record<string, unknown>>;

const ARRIVALS: Readonly<Record<string, MembershipChange>> = { invite: 'invited', knock: 'knocked', ban: 'banned' };

/** What happened to a member, told from their membership before and after; `undefined` when nothing did. */
export const membershipChange = (
  before: Content,
  after: Content,
  byThemselves: boolean,
): MembershipChange | undefined => {
  const was = before['membership'] ?? 'leave';
  const is = after['membership'];
  if (is === 'leave') return departure(was, byThemselves);
  if (is === 'join') return was === 'join' ? profileChange(before, after) : 'joined';
  return is === was || typeof is !== 'string' ? undefined : ARRIVALS[is];
};

const departure = (was: unknown, byThemselves: boolean): MembershipChange | undefined => {
  switch (was) {
    case 'ban':
      return 'unbanned';
    case 'invite':
      return byThemselves ? 'declined' : 'withdrew';
    default:
      // Also where the event before is not known: a departure is a departure.
      return byThemselves ? 'left' : 'kicked';
  }
};

const profileChange = (before: Content, after: Content): MembershipChange | undefined => {
  if (before['displayname'] !== after['displayname']) return 'renamed';
  return before['avatar_url'] !== after['avatar_url'] ? 'changed-avatar' : undefined;
};

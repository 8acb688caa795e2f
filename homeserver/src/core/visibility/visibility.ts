import type { ServerName, UserId } from '@holm/spec/ids';
import { serverOf, UserId as UserIds } from '@holm/spec/ids';
import type { HistoryVisibility } from '../events/content.ts';
import { historyVisibilityOf, membershipOf } from '../events/content.ts';
import type { Event } from '../events/event.ts';
import type { Membership } from '../events/membership.ts';

/** What was so in the state before an event, and what has happened since. */
interface View {
  readonly historyVisibility: HistoryVisibility;
  /** Whether the user (or one of the server's) joined at any point after the event; whoever is joined now did. */
  readonly joinedSince: boolean;
}

export interface UserView extends View {
  readonly user: UserId;
  /** Absent for somebody who never was in the room. */
  readonly membership: Membership | undefined;
}

export interface ServerView extends View {
  readonly server: ServerName;
  /** Of all the server's users. */
  readonly memberships: Iterable<Membership>;
}

/**
 * Whether a user may see an event. Says nothing about ignored users, soft failure or rejection.
 * https://spec.matrix.org/latest/client-server-api/#room-history-visibility
 */
export const mayUserSee = (event: Event, view: UserView): boolean => {
  const memberships = view.membership === undefined ? [] : [view.membership];
  return anySees(event, view, [...memberships, ...membershipsMade(event, (target) => target === view.user)]);
};

/** As `mayUserSee`, for an event that changes neither a membership nor the visibility. */
export const mayMemberSee = (view: Omit<UserView, 'user'>): boolean =>
  admitsOthers(view.historyVisibility, view) ||
  (view.membership !== undefined && admits(view.historyVisibility, view.membership));

/** Whether a server may have an event: when any of its users may see it. Others get it redacted, or not at all. */
export const mayServerSee = (event: Event, view: ServerView): boolean =>
  anySees(event, view, [
    ...view.memberships,
    ...membershipsMade(event, (target) => UserIds.is(target) && serverOf(target) === view.server),
  ]);

/** Of a change of visibility or of one's own membership, both sides count: before it and after it. */
const anySees = (event: Event, view: View, memberships: readonly Membership[]): boolean =>
  [view.historyVisibility, ...visibilitiesMade(event)].some(
    (visibility) => admitsOthers(visibility, view) || memberships.some((membership) => admits(visibility, membership)),
  );

const admits = (visibility: HistoryVisibility, membership: Membership): boolean =>
  membership === 'join' || (membership === 'invite' && visibility === 'invited');

const admitsOthers = (visibility: HistoryVisibility, { joinedSince }: View): boolean =>
  visibility === 'world_readable' || (visibility === 'shared' && joinedSince);

const visibilitiesMade = (event: Event): readonly HistoryVisibility[] =>
  event.type === 'm.room.history_visibility' && event.stateKey === '' ? [historyVisibilityOf(event.content)] : [];

const membershipsMade = (event: Event, isOwn: (target: string) => boolean): readonly Membership[] => {
  const membership = event.stateKey !== undefined && isOwn(event.stateKey) ? membershipOf(event) : undefined;
  return membership === undefined ? [] : [membership];
};

import { EventTimeline, NotificationCountType, type MatrixEvent, type Room } from 'matrix-js-sdk';
import type { UnixMillis } from '../../platform/clock.ts';
import type { Entry } from '../entry.ts';
import type { Membership, RoomSummary } from '../room-summary.ts';
import type { Seen } from './seen.ts';
import { nameIn, toEntry } from './to-entry.ts';

/** A room as it stands, for the list of rooms. */
export const summarise = (room: Room, ownId: string, seen: Seen): RoomSummary => {
  const events = [...room.getLiveTimeline().getEvents(), ...room.getPendingEvents()];
  const isUnread = hasUnread(room, events, ownId, seen);
  return {
    id: room.roomId,
    name: room.name,
    topic: stateText(room, 'm.room.topic', 'topic') ?? '',
    alias: room.getCanonicalAlias() ?? undefined,
    membership: room.getMyMembership() as Membership,
    memberCount: room.getJoinedMemberCount(),
    isPublic: stateText(room, 'm.room.join_rules', 'join_rule') === 'public',
    activeAt: activeAt(room, events, ownId),
    latest: latestWorthShowing(events, ownId),
    isUnread,
    unreadCount: isUnread ? room.getUnreadNotificationCount(NotificationCountType.Total) : 0,
    inviter: inviterOf(room, ownId),
  };
};

const stateText = (room: Room, type: string, key: string): string | undefined => {
  const state = room.getLiveTimeline().getState(EventTimeline.FORWARDS);
  const value = state?.getStateEvents(type, '')?.getContent<Record<string, unknown>>()[key];
  return typeof value === 'string' ? value : undefined;
};

const latestWorthShowing = (events: readonly MatrixEvent[], ownId: string): Entry | undefined => {
  let notice: Entry | undefined;
  for (const event of events.toReversed()) {
    const entry = toEntry(event, ownId);
    if (!entry) continue;
    if (entry.body.kind !== 'membership' && entry.body.kind !== 'room') return entry;
    notice ??= entry;
  }
  return notice;
};

const activeAt = (room: Room, events: readonly MatrixEvent[], ownId: string): UnixMillis => {
  const last = events.findLast((event) => toEntry(event, ownId) !== undefined);
  const own = room.getMember(ownId)?.events.member;
  return (last?.getTs() ?? own?.getTs() ?? 0) as UnixMillis;
};

/** Walks back from the newest event to the first that settles it: something of ours, or something we have seen. */
const hasUnread = (room: Room, events: readonly MatrixEvent[], ownId: string, seen: Seen): boolean => {
  if (room.getMyMembership() !== 'join') return false;
  const marks = new Set([room.getEventReadUpTo(ownId), seen.last(room.roomId)]);
  for (const event of events.toReversed()) {
    if (event.getSender() === ownId || marks.has(event.getId() ?? null)) return false;
    if (isMessage(event)) return true;
  }
  return false;
};

const isMessage = (event: MatrixEvent): boolean =>
  !event.isState() &&
  !event.isRedacted() &&
  ['m.room.message', 'm.room.encrypted', 'm.sticker'].includes(event.getType());

const inviterOf = (room: Room, ownId: string): string | undefined => {
  if (room.getMyMembership() !== 'invite') return undefined;
  const sender = room.getMember(ownId)?.events.member?.getSender();
  return sender === undefined ? undefined : nameIn(room.getMember(sender), sender);
};

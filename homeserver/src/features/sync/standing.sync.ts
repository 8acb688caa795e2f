import { membershipOf } from '../../core/events/content.ts';
import type { Events } from '../../rooms/events.ts';
import type { Member, StoredEvent } from '../../rooms/model.ts';
import type { Position } from '../../streams/stream.ts';

/** Somebody's membership of a room as it was at a position, which may be older than what is remembered. */
export const memberAt = async (events: Events, member: Member, position: Position): Promise<Member | undefined> => {
  if (member.position <= position) return member;
  let event = await events.byNid(member.eventNid);
  while (event && (event.position ?? 0) > position) event = await replacedBy(events, event);
  const membership = event && membershipOf(event.event);
  if (!event || !membership) return undefined;
  const at = (event.position ?? 0) as Position;
  return { ...member, membership, eventNid: event.nid, sender: event.event.sender, position: at };
};

/** Whether somebody who is joined now has been so ever since a position. */
export const hasStayed = async (events: Events, member: Member, since: Position): Promise<boolean> => {
  if (member.position <= since) return true;
  const event = await events.byNid(member.eventNid);
  return event !== undefined && wasJoinedBefore(events, event, since);
};

export interface Departure {
  /** The event that ended the last stay in the room. */
  readonly event: StoredEvent;
  /** The join, or change of profile, that it ended. */
  readonly join: StoredEvent;
}

/** What became of somebody last. Where state resolution took a join back, there is no event that says so. */
export const ownEventOf = async (events: Events, { eventNid }: Member): Promise<StoredEvent | undefined> => {
  const own = await events.byNid(eventNid);
  return own && membershipOf(own.event) !== 'join' ? own : undefined;
};

/** How somebody who is not in a room came to leave it; nothing for who never was in it. */
export const departureOf = async (events: Events, member: Member): Promise<Departure | undefined> => {
  let event = await events.byNid(member.eventNid);
  while (event) {
    const before = await replacedBy(events, event);
    if (before && membershipOf(before.event) === 'join') return { event, join: before };
    event = before;
  }
  return undefined;
};

/** Follows changes of a membership back: were all of them joins, down to `since`? */
export const wasJoinedBefore = async (events: Events, join: StoredEvent, since: Position): Promise<boolean> => {
  let event: StoredEvent | undefined = join;
  while (event && membershipOf(event.event) === 'join') {
    if ((event.position ?? 0) <= since) return true;
    event = await replacedBy(events, event);
  }
  return false;
};

const replacedBy = async (events: Events, { replaces }: StoredEvent): Promise<StoredEvent | undefined> =>
  replaces === undefined ? undefined : events.byNid(replaces);

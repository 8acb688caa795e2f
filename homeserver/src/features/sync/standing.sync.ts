import { membershipOf } from '../../core/events/content.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { Events } from '../../rooms/events.ts';
import type { Member, StoredEvent } from '../../rooms/model.ts';
import type { Position } from '../../streams/stream.ts';

/** Of what was there before this server was. */
const START = 0 as Position;

/** Somebody's membership of a room as it was at a position, which may be older than what is remembered. */
export const memberAt = async (events: Events, member: Member, position: Position): Promise<Member | undefined> => {
  if (member.position <= position) return member;
  const event = await eventAt(events, member, position);
  const membership = event && membershipOf(event.event);
  if (!event || !membership) return undefined;
  return { ...member, membership, eventNid: event.nid, sender: event.event.sender, position: event.position ?? START };
};

type StandingEngine = Pick<RoomEngine, 'events' | 'rooms' | 'states' | 'stateLogs'>;

/** Whether somebody who is joined now has been so ever since a position. */
export const hasStayed = async (engine: StandingEngine, member: Member, since: Position): Promise<boolean> => {
  if (member.position <= since) return true;
  const event = await engine.events.byNid(member.eventNid);
  if (!event || !(await wasJoinedBefore(engine.events, event, since))) return false;
  // Where forks were resolved, a join may have been over and come to hold again: no event says so.
  const then = await ownStateAt(engine, member, since);
  return then !== undefined && membershipOf(then.event) === 'join';
};

/** What the room's state said of somebody at a position; nothing where this server was not in the room. */
export const ownStateAt = async (
  { rooms, states, stateLogs }: StandingEngine,
  { roomNid, userId }: Pick<Member, 'roomNid' | 'userId'>,
  position: Position,
): Promise<StoredEvent | undefined> => {
  const room = await rooms.byNid(roomNid);
  return room && states.get(room, await stateLogs.at(room, position), ['m.room.member', userId]);
};

/** What became of somebody last. Where state resolution took a join or an invitation back, there is no event that says so. */
export const ownEventOf = async (
  events: Events,
  { eventNid, membership }: Member,
): Promise<StoredEvent | undefined> => {
  const own = await events.byNid(eventNid);
  return own && membershipOf(own.event) === membership ? own : undefined;
};

/** Follows changes of a membership back: were all of them joins, down to `since`? */
export const wasJoinedBefore = async (events: Events, join: StoredEvent, since: Position): Promise<boolean> => {
  if (isBy(join, since)) return true;
  for await (const before of events.replacedBy(join)) {
    if (membershipOf(before.event) !== 'join') return false;
    if (isBy(before, since)) return true;
  }
  return false;
};

const eventAt = async (events: Events, member: Member, position: Position): Promise<StoredEvent | undefined> => {
  const event = await events.byNid(member.eventNid);
  if (!event || isBy(event, position)) return event;
  for await (const before of events.replacedBy(event)) if (isBy(before, position)) return before;
  return undefined;
};

const isBy = ({ position = START }: StoredEvent, at: Position): boolean => position <= at;

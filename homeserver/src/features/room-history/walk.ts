import type { UserId } from '@holm/spec/ids';
import type { RoomEventFilter } from '../../core/filters/event-filter.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Access } from '../../rooms/timeline/access.ts';

/** History that other servers have and this one lacks. */
export interface Backfill {
  /**
   * Fetches events older than the number `beforeOrd` of the room's timeline, up to about `limit`. Resolves when what
   * could be had is stored; that nothing could is no failure.
   */
  atLeast(room: Room, beforeOrd: number, limit: number): Promise<void>;
}

export interface Walk {
  /** The place to start at: an event is older than a place if its number is not greater. */
  readonly from: number;
  /** A place not to go beyond. */
  readonly to?: number | undefined;
  readonly direction: 'back' | 'forward';
  readonly limit: number;
}

export interface Found {
  readonly events: readonly StoredEvent[];
  /** Where to go on. */
  readonly next: number;
  /** There is nothing more in this direction. */
  readonly isOver: boolean;
}

export interface Walker {
  readonly engine: RoomEngine;
  readonly backfill: Backfill;
  readonly user: UserId;
  readonly filter: RoomEventFilter;
}

/** A user who may see little, or asks for what is rare, gets less per request rather than all the work at once. */
const MAX_SCANNED = 1000;
const MIN_PAGE = 20;

/** Goes through a room's timeline and collects what a user may see and wants to. */
export const walk = async (walker: Walker, access: Access, way: Walk): Promise<Found> => {
  const { direction, limit } = way;
  const { room, until = Infinity } = access;
  const events: StoredEvent[] = [];
  let next = direction === 'back' ? Math.min(way.from, until) : way.from;
  let isOver = false;
  for (let scanned = 0; events.length < limit && scanned < MAX_SCANNED && !isOver;) {
    const size = Math.max(limit - events.length, MIN_PAGE);
    const page = await pageAt(walker, room, { from: next, direction, limit: size });
    const allowed = page.events.filter(({ ord = 0 }) => isWithin(ord, way, until));
    const wanted = await wantedOf(walker, access, allowed);
    const taken = wanted.slice(0, limit - events.length);
    const hasMore = taken.length < wanted.length;
    events.push(...taken);
    scanned += size;
    isOver = !hasMore && (page.isLast || allowed.length < page.events.length);
    const last = hasMore ? taken.at(-1) : allowed.at(-1);
    if (last?.ord !== undefined) next = direction === 'back' ? last.ord - 1 : last.ord;
  }
  return { events, next, isOver };
};

const isWithin = (ord: number, { direction, to }: Walk, until: number): boolean => {
  if (direction === 'back') return to === undefined || ord > to;
  return ord <= until && (to === undefined || ord <= to);
};

const wantedOf = async ({ engine, user, filter }: Walker, { room }: Access, page: readonly StoredEvent[]) => {
  const seen = await engine.visible.toUser(user, room, page);
  return seen.filter(({ event }) => filter.event(event));
};

interface Page {
  readonly events: readonly StoredEvent[];
  /** Nothing follows in this direction, as far as can be found out now. */
  readonly isLast: boolean;
}

/** Backwards, where what this server has runs out, other servers are asked. */
const pageAt = async ({ engine, backfill }: Walker, room: Access['room'], way: Walk): Promise<Page> => {
  const { from, direction, limit } = way;
  const { timeline } = engine;
  const read = () => timeline.page(room, { from: direction === 'back' ? from + 1 : from, direction, limit });
  const events = await read();
  if (events.length >= limit) return { events, isLast: false };
  const isBeginning = events.at(-1)?.event.type === 'm.room.create';
  if (direction === 'forward' || isBeginning || !(await timeline.hasGaps(room))) return { events, isLast: true };
  await backfill.atLeast(room, room.head.firstOrd, limit - events.length);
  const more = await read();
  return { events: more, isLast: more.length === events.length };
};

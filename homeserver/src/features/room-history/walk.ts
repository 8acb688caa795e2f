import type { RoomEventFilter } from '../../core/filters/event-filter.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Access } from '../../rooms/timeline/access.ts';
import type { Reader } from '../../rooms/relations/bundles.ts';
import { isWelcome } from '../../rooms/timeline/readers.ts';

/** History that other servers have and this one lacks. */
export interface Backfill {
  /**
   * Fetches what is missing right above the number `floor` of the room's timeline, newest first and up to about
   * `limit`. Resolves to whether there is more now. That nothing could be had is no failure.
   */
  into(room: Room, floor: number, limit: number): Promise<boolean>;
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
  readonly reader: Pick<Reader, 'sight' | 'ignored'>;
  readonly filter: RoomEventFilter;
}

/** A user who may see little, or asks for what is rare, gets less per request rather than all the work at once. */
const MAX_SCANNED = 1000;
const MIN_PAGE = 20;
/** Holes of a page that are looked into before it is given as it is. */
const MAX_HOLES = 10;
/** Missing events that are fetched at a time, and how often in one request, before somebody can read on upwards. */
const AHEAD = 500;
const MAX_AHEAD = 4;
/** The number of no event, below all others. */
const BOTTOM = Number.MIN_SAFE_INTEGER;

/** Goes through a room's timeline and collects what a user may see and wants to. */
export const walk = async (walker: Walker, access: Access, way: Walk): Promise<Found> => {
  const { direction, from, limit } = way;
  const events: StoredEvent[] = [];
  let next = direction === 'back' ? Math.min(from, access.until ?? Infinity) : from;
  let isOver = false;
  for (let scanned = 0; events.length < limit && scanned < MAX_SCANNED && !isOver;) {
    const missing = limit - events.length;
    const size = Math.max(missing, MIN_PAGE);
    const step = await stepOn(walker, access, { ...way, from: next, limit: missing, size });
    events.push(...step.events);
    ({ next, isOver } = step);
    scanned += size;
  }
  return { events, next, isOver };
};

/** As `walk`, over one page of `size`. */
const stepOn = async (walker: Walker, access: Access, way: Walk & { readonly size: number }): Promise<Found> => {
  const { direction, from, limit, size } = way;
  const isBack = direction === 'back';
  const { events: page, isCut } = await (isBack ? pageBack : pageForward)(walker, access, way);
  const allowed = page.filter(({ ord = 0 }) => isWithin(ord, way, access));
  const wanted = await wantedOf(walker, access, allowed);
  const events = wanted.slice(0, limit);
  const hasRest = events.length < wanted.length;
  const { ord } = (hasRest ? events : allowed).at(-1) ?? {};
  const next = ord === undefined ? from : ord - Number(isBack);
  if (hasRest) return { events, next, isOver: false };
  if (allowed.length < page.length) return { events, next, isOver: true };
  const isShort = !isCut && page.length < size;
  const isOver = isShort && !(await goesOn(walker, access, { page, missing: limit - events.length, direction }));
  return { events, next, isOver };
};

interface Page {
  readonly events: readonly StoredEvent[];
  /** It ends above a hole, where there may be more to be had. */
  readonly isCut: boolean;
}

/**
 * A page downwards. Where its numbers are not consecutive, this server missed events: if they are wanted now, other
 * servers are asked for them.
 */
const pageBack = async (
  { engine, backfill }: Walker,
  { room }: Access,
  { from, limit, size }: Walk & { readonly size: number },
): Promise<Page> => {
  const read = () => engine.timeline.page(room, { from: from + 1, direction: 'back', limit: size });
  const page = await read();
  const holes = page.flatMap(({ ord = 0 }, index) => (ord === (page[index - 1]?.ord ?? from + 1) - 1 ? [] : [index]));
  for (const hole of holes.slice(0, MAX_HOLES)) {
    const floor = page[hole]?.ord ?? BOTTOM;
    if (hole >= limit) return { events: page.slice(0, hole), isCut: true };
    // What was missing in one of them may have turned out to belong further down.
    if (!(await backfill.into(room, floor, limit - hole))) continue;
    const filled = await read();
    const rest = filled.findIndex(({ ord = 0 }, index) => index > hole && ord !== (filled[index - 1]?.ord ?? 0) - 1);
    return rest > 0 ? { events: filled.slice(0, rest), isCut: true } : { events: filled, isCut: false };
  }
  return { events: page, isCut: false };
};

/**
 * A page upwards. What is missing right ahead is fetched first, from its far end on, because servers know of events
 * only what came before. Where nobody has anything, it goes on behind the hole.
 */
const pageForward = async (
  { engine, backfill }: Walker,
  { room }: Access,
  { from, size }: Walk & { readonly size: number },
): Promise<Page> => {
  const read = () => engine.timeline.page(room, { from, direction: 'forward', limit: size });
  const isHole = (page: readonly StoredEvent[], index: number) =>
    page[index]?.ord !== (index === 0 ? from : (page[index - 1]?.ord ?? 0)) + 1;
  let page = await read();
  for (let round = 0; page.length > 0 && isHole(page, 0); round++) {
    if (round === MAX_AHEAD) return { events: [], isCut: true };
    if (!(await backfill.into(room, from, AHEAD))) break;
    page = await read();
  }
  const hole = page.findIndex((_, index) => index > 0 && isHole(page, index));
  return hole > 0 ? { events: page.slice(0, hole), isCut: true } : { events: page, isCut: false };
};

interface Shortfall {
  /** Shorter than it was asked to be. */
  readonly page: readonly StoredEvent[];
  /** How many events the user would still like. */
  readonly missing: number;
  readonly direction: Walk['direction'];
}

/** Whether a timeline that ran out here goes on elsewhere. If the user needs it now, other servers are asked. */
const goesOn = async ({ engine, backfill }: Walker, { room }: Access, { page, missing, direction }: Shortfall) => {
  const isBeginning = page.at(-1)?.event.type === 'm.room.create';
  if (direction === 'forward' || isBeginning || !(await engine.timeline.hasGaps(room))) return false;
  if (missing === 0) return true;
  return backfill.into(room, BOTTOM, missing);
};

const isWithin = (ord: number, { direction, to }: Walk, { until }: Access): boolean => {
  if (direction === 'back') return to === undefined || ord > to;
  return ord <= Math.min(until ?? Infinity, to ?? Infinity);
};

const wantedOf = async ({ engine, reader, filter }: Walker, { until }: Access, page: readonly StoredEvent[]) => {
  const { sight, ignored } = reader;
  const seen = await sight.see(page);
  const wanted = seen.filter((stored) => filter.event(stored.event) && isWelcome(stored, ignored));
  return filter.relatedBy ? engine.bundles.related({ sight, until }, wanted, filter.relatedBy) : wanted;
};

import type { EventId } from '@holm/spec/ids';
import { isHidden } from '../../core/events/dummy.ts';
import type { Event } from '../../core/events/event.ts';
import type { Database } from '../../storage/database.ts';
import { type EventNid, isOfRoom, type StoredEvent } from '../model.ts';
import type { Change } from '../write/change.ts';
import { type Follower, gapsStore } from './gaps.store.ts';
import type { KnownEvents } from './known-events.ts';

export interface LateEventsOf {
  readonly change: Change;
  readonly known: KnownEvents;
}

/** What a step places. */
export interface PlacedAmong {
  /** In the order in which they follow each other. */
  readonly events: readonly Event[];
  /** What follows those of them that were missing. */
  readonly followers: ReadonlyMap<EventId, readonly Follower[]>;
}

/**
 * Events of a step that come when the room has moved on: others follow them already, across a gap.
 *
 * What the current state allows is news even so. But that it does not allow the rest is no reason to hide it ("soft
 * fail"), for the room has been built on it: it is history, as it would be if somebody had scrolled up to the gap.
 */
export class LateEvents {
  readonly #db: Database;
  readonly #of: LateEventsOf;
  readonly #followers: ReadonlyMap<EventId, readonly Follower[]>;
  readonly #events: readonly Event[];
  #places: Promise<ReadonlyMap<EventId, number>> | undefined;
  readonly #late: EventNid[] = [];

  constructor(db: Database, of: LateEventsOf, { events, followers }: PlacedAmong) {
    this.#db = db;
    this.#of = of;
    this.#events = events;
    this.#followers = followers;
  }

  /** Whether an event stands before others of the room's timeline. */
  async isHistory(id: EventId): Promise<boolean> {
    if (this.#followers.size === 0) return false;
    this.#places ??= this.#find();
    return (await this.#places).has(id);
  }

  /** An event that `isHistory` has been judged as such. Whether it will have a number. */
  add({ nid, status, event }: StoredEvent): boolean {
    if (!isOfRoom(status) || isHidden(event)) return false;
    this.#late.push(nid);
    return true;
  }

  /** Gives late events their numbers in the timeline: together, right in front of what follows them. */
  async settle(): Promise<void> {
    if (this.#late.length === 0) return;
    const { change } = this.#of;
    const places = await (this.#places ?? this.#find());
    const late = this.#late.flatMap((nid) => change.event(nid) ?? []);
    const given = new Map<number, number>();
    // From above: what follows an event of another group stands in front of something later, and goes in above it.
    const groups = Map.groupBy(late, ({ event }) => places.get(event.eventId));
    for (const place of new Set([...places.values()].sort((a, b) => b - a))) {
      const events = groups.get(place);
      if (!events) continue;
      const free = await gapsStore.freeBelow(this.#db, change.room.nid, place);
      const before = given.get(free.last) ?? 0;
      // A hole that is full does not occur by honest means; then nobody is shown them.
      if (free.count < before + events.length) continue;
      given.set(free.last, before + events.length);
      const first = free.last - before - events.length + 1;
      for (const [index, event] of events.entries()) change.putInHistory(event, first + index);
    }
  }

  /** What each event stands in front of, if anything: the first of what follows it, directly or through others of the step. */
  async #find(): Promise<ReadonlyMap<EventId, number>> {
    const nids = [...this.#followers.values()].flat().flatMap(({ nid, status }) => (isOfRoom(status) ? [nid] : []));
    const stored = await this.#of.known.load(nids);
    const places = new Map<EventId, number>();
    const standsBefore = (id: EventId, place: number | undefined) => {
      if (place !== undefined) places.set(id, Math.min(place, places.get(id) ?? Infinity));
    };
    for (const { eventId, prevEvents } of this.#events.toReversed()) {
      for (const { nid } of this.#followers.get(eventId) ?? []) standsBefore(eventId, stored.get(nid)?.ord);
      for (const prev of prevEvents) standsBefore(prev, places.get(eventId));
    }
    return places;
  }
}

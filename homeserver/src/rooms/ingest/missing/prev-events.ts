import type { EventId, ServerName } from '@holm/spec/ids';
import type { Event } from '../../../core/events/event.ts';
import { isExpired } from '../../../core/rooms/retention.ts';
import { isOfRoom } from '../../model.ts';
import type { Room } from '../../room.ts';
import { gapsStore } from '../gaps.store.ts';
import { byPrevEvents } from '../order.ts';
import type { MissingDeps } from './deps.ts';
import { unknownIds } from './unknown.ts';

/** Ancestors asked for at once (servers give no more), and rounds of asking; what is older than that is a gap. */
const ASKED_FOR = 20;
const MAX_ROUNDS = 8;
/** What is looked at of one answer. */
const MAX_ANSWER = 100;

/** https://spec.matrix.org/latest/server-server-api/#post_matrixfederationv1get_missing_eventsroomid */
export class PrevEvents {
  readonly #deps: MissingDeps;

  constructor(deps: MissingDeps) {
    this.#deps = deps;
  }

  /** The events with as many of their missing ancestors as others give us. */
  async withAncestors(origin: ServerName, room: Room, events: readonly Event[]): Promise<Event[]> {
    const all = new Map(events.map((event) => [event.eventId, event]));
    let servers: readonly ServerName[] | undefined;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const wanted = await this.#missed(room, prevEventsOf(all.values()), all);
      if (wanted.length === 0) break;
      servers ??= await this.#deps.sources.of(room, origin);
      const found = await this.#deps.sources.first('missing events', servers, async (server) => {
        // Others need not know the events themselves yet, but they may have what comes before them.
        const answer =
          server === origin ? this.#before(server, room, { all, wanted }) : this.#these(server, room, wanted);
        const news = await this.#lead(room, all, await answer);
        return news.length > 0 ? news : undefined;
      });
      if (!found) break;
      for (const event of found) all.set(event.eventId, event);
    }
    return [...all.values()];
  }

  /** Those of `events` that follow an event which we do not have, even so. */
  async withGaps(events: readonly Event[]): Promise<Event[]> {
    const among = new Map(events.map((event) => [event.eventId, event]));
    const missing = new Set(await unknownIds(this.#deps.events, prevEventsOf(events), among, 'placed'));
    return events.filter(({ prevEvents }) => prevEvents.some((id) => missing.has(id)));
  }

  async #before(
    server: ServerName,
    room: Room,
    { all, wanted }: { readonly all: ReadonlyMap<EventId, Event>; readonly wanted: readonly EventId[] },
  ): Promise<readonly Event[]> {
    const { db, remote } = this.#deps;
    const latest = [...all.values()].filter(({ prevEvents }) => prevEvents.some((id) => wanted.includes(id)));
    const raw = await remote.missingEvents(server, room.roomId, {
      earliest: room.head?.extremities.map(({ eventId }) => eventId) ?? [],
      latest: latest.slice(0, MAX_ANSWER).map(({ eventId }) => eventId),
      limit: ASKED_FOR,
      // What came before the first event that we have is history.
      minDepth: await gapsStore.firstDepth(db, room.nid),
    });
    return this.#admit(room, raw, wanted);
  }

  async #these(server: ServerName, room: Room, wanted: readonly EventId[]): Promise<readonly Event[]> {
    const { remote } = this.#deps;
    const raw = await remote.backfill(server, room.roomId, wanted.slice(0, ASKED_FOR), ASKED_FOR);
    return this.#admit(room, raw, wanted);
  }

  async #admit(room: Room, raw: readonly unknown[], wanted: readonly EventId[]): Promise<readonly Event[]> {
    const reach = { from: wanted, by: byPrevEvents };
    return (await this.#deps.admission.admit(room, raw.slice(0, MAX_ANSWER), { reach })).events;
  }

  /**
   * Those of `found` that lead from the events to what is known. The others are no news: a server that does not know our
   * newest events goes on to what was there before we joined, which must not come in as if it were new.
   */
  async #lead(room: Room, all: ReadonlyMap<EventId, Event>, found: readonly Event[]): Promise<Event[]> {
    const oldest = await this.#deps.retention.floor(room);
    const byId = new Map(found.flatMap((event) => (isExpired(event, oldest) ? [] : [[event.eventId, event] as const])));
    const leading = new Map(all);
    for (let wave: readonly Event[] = [...all.values()]; wave.length > 0;) {
      const wanted = await this.#missed(room, prevEventsOf(wave), leading);
      wave = wanted.flatMap((id) => byId.get(id) ?? []);
      for (const event of wave) leading.set(event.eventId, event);
    }
    return [...leading.values()].filter(({ eventId }) => !all.has(eventId));
  }

  /** What we do not have and may yet come in as new. What events of ours follow already is history: a gap to be filled. */
  async #missed(room: Room, ids: readonly EventId[], among: ReadonlyMap<EventId, Event>): Promise<EventId[]> {
    const unknown = await unknownIds(this.#deps.events, ids, among, 'placed');
    if (unknown.length === 0) return [];
    const followers = await gapsStore.followers(this.#deps.db, room.nid, unknown);
    return unknown.filter((id) => followers.get(id)?.some(({ status }) => isOfRoom(status)) !== true);
  }
}

const prevEventsOf = (events: Iterable<Event>): EventId[] => [...events].flatMap(({ prevEvents }) => prevEvents);

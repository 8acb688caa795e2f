import type { EventId, ServerName } from '@holm/spec/ids';
import type { Event } from '../../core/events/event.ts';
import { isExpired } from '../../core/rooms/retention.ts';
import { FederationError } from '../../federation/client/federation-error.ts';
import type { Clock } from '../../platform/clock.ts';
import { KeyedQueue } from '../../platform/keyed-queue.ts';
import type { Log } from '../../platform/log.ts';
import type { Database, ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { RoomEngine } from '../engine.ts';
import type { Events } from '../events.ts';
import type { RoomNid } from '../model.ts';
import type { Room } from '../room.ts';
import type { Timeline } from '../timeline/timeline.ts';
import type { Holds } from '../upkeep/holds.ts';
import type { Retention } from '../upkeep/retention.ts';
import { GAP_LENGTH } from '../write/change.ts';
import type { Admission } from './admission.ts';
import { BarrenGaps } from './barren-gaps.ts';
import type { Ingest, Step } from './ingest.ts';
import type { Missing } from './missing.ts';
import { byPrevEvents, inOrder } from './order.ts';
import type { RemoteRooms } from './ports.ts';

const MAX_GAPS = 20;
const MAX_SERVERS = 4;
const MAX_ROUNDS = 5;
/** Events of an island in what is missing; who looks at it goes on from there. */
const ISLAND = 30;

export interface BackfillDeps {
  readonly db: Database;
  readonly serverName: ServerName;
  readonly holds: Pick<Holds, 'isStopped'>;
  readonly retention: Pick<Retention, 'floor'>;
  readonly membersOf: RoomEngine['membersOf'];
  readonly timeline: Timeline;
  readonly remote: RemoteRooms;
  readonly admission: Admission;
  readonly missing: Missing;
  readonly ingest: Ingest;
  readonly events: Events;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Missing events that are followed by events of the timeline from a number on, nearest first. Those that earlier ones
 * follow, too, belong in front of these.
 */
const store = {
  async gaps(tx: ReadTx, room: RoomNid, from: number): Promise<EventId[]> {
    const rows = await tx.rows<{ event_id: EventId }>(
      named(
        'gaps.from',
        sql`SELECT g.event_id FROM room_gaps g JOIN events e ON e.event_nid = g.child_nid
             WHERE g.room_nid = ${room} AND e.ord >= ${from} AND e.ord < ${from + GAP_LENGTH}
               -- What an earlier event follows, too, belongs in front of that one.
               AND NOT EXISTS (
                     SELECT FROM room_gaps o JOIN events c ON c.event_nid = o.child_nid
                      WHERE o.room_nid = g.room_nid AND o.event_id = g.event_id AND c.ord < ${from})
             GROUP BY g.event_id ORDER BY min(e.ord) LIMIT ${MAX_GAPS}`,
      ),
    );
    return rows.map((row) => row.event_id);
  },
};

/** Where events of a timeline are missing: between two numbers that are in use. */
interface Hole {
  readonly floor: number;
  readonly edge: number;
}

/** What is asked for: what comes right before some missing events, and these. */
interface Wish {
  readonly gaps: readonly EventId[];
  readonly limit: number;
}

/** Fetches history that this server did not see: from before it took part in a room, or from while it was away. */
export class Backfill {
  readonly #deps: BackfillDeps;
  /** Two who fill the same hole would take the same numbers. */
  readonly #queue = new KeyedQueue<RoomNid>();
  readonly #barren: BarrenGaps;

  constructor(deps: BackfillDeps) {
    this.#deps = deps;
    this.#barren = new BarrenGaps(deps.clock);
  }

  /**
   * Fetches what is missing right above the number `floor` of the room's timeline, newest first and up to about
   * `limit`. Resolves to whether there is more now. That nothing could be had is no failure.
   */
  into(room: Room, floor: number, limit: number): Promise<boolean> {
    if (this.#deps.holds.isStopped(room.roomId)) return Promise.resolve(false);
    return this.#queue.run(room.nid, async () => {
      let found = 0;
      for (let round = 0; round < MAX_ROUNDS && found < limit; round++) {
        const more = await this.#more(room, floor, limit - found);
        if (more === 0) break;
        found += more;
      }
      return found > 0;
    });
  }

  /**
   * Fetches an event of long before everything that is here, with some of what came before it. Resolves to whether
   * something came. What lies between the two is fetched when somebody asks for it.
   */
  async island(server: ServerName, room: Room, eventId: EventId): Promise<boolean> {
    if (this.#deps.holds.isStopped(room.roomId)) return false;
    return this.#queue.run(room.nid, async () => {
      const edge = (room.head?.firstOrd ?? 1) - GAP_LENGTH;
      const hole: Hole = { floor: Number.MIN_SAFE_INTEGER, edge };
      return ((await this.#tryFrom(server, room, hole, { gaps: [eventId], limit: ISLAND })) ?? 0) > 0;
    });
  }

  /** Asks servers in the room, one after the other, until one has something. Resolves to the number of new events. */
  async #more(room: Room, floor: number, limit: number): Promise<number> {
    const { db, timeline } = this.#deps;
    const [above] = await timeline.page(room, { from: floor, direction: 'forward', limit: 1 });
    if (above?.ord === undefined || above.ord === floor + 1) return 0;
    // What comes before has been purged, or would be.
    if (above.event.sentAt < ((await this.#deps.retention.floor(room)) ?? -Infinity)) return 0;
    const hole: Hole = { floor, edge: above.ord };
    const gaps = (await store.gaps(db, room.nid, hole.edge)).filter((id) => !this.#barren.isLeftAlone(room.nid, id));
    return gaps.length === 0 ? 0 : this.#fromAnybody(room, hole, { gaps, limit });
  }

  async #fromAnybody(room: Room, hole: Hole, wish: Wish): Promise<number> {
    const servers = await this.servers(room);
    let answers = 0;
    for (const server of servers) {
      const found = await this.#tryFrom(server, room, hole, wish);
      if (found !== undefined && found > 0) return found;
      if (found !== undefined) answers++;
    }
    if (answers > 0) this.#barren.add(room.nid, wish.gaps, { isCertain: answers === servers.length });
    return 0;
  }

  /** Undefined where the server did not answer, or what it said could not be taken in: then there may be others. */
  async #tryFrom(server: ServerName, room: Room, hole: Hole, wish: Wish): Promise<number | undefined> {
    const { log } = this.#deps;
    try {
      return await this.#from(server, room, hole, wish);
    } catch (err) {
      const isTheirs = err instanceof FederationError;
      log[isTheirs ? 'info' : 'error']('no history could be had', { server, roomId: room.roomId, err });
      return undefined;
    }
  }

  async #from(server: ServerName, room: Room, { floor, edge }: Hole, { gaps, limit }: Wish): Promise<number> {
    const { remote, admission, missing, ingest } = this.#deps;
    const raw = await remote.backfill(server, room.roomId, gaps, limit);
    const admitted = await admission.admit(room, raw, { limitReferences: false });
    const stored = await this.#deps.events.byIds(admitted.events.map(({ eventId }) => eventId));
    const oldest = await this.#deps.retention.floor(room);
    const news = admitted.events.filter(
      (event) => stored.get(event.eventId)?.snapshot === undefined && !isExpired(event, oldest),
    );
    // As many of the newest as there is room for. What lies behind events that we have belongs in another hole.
    const events = inOrder(behind(gaps, news), byPrevEvents).slice(floor + 1 - edge);
    if (events.length === 0) return 0;
    const step: Step = {
      events,
      outliers: await missing.authEvents(server, room, events),
      stated: await missing.states(server, room, events),
      forward: false,
      before: edge,
    };
    await ingest.enter(room, step);
    // What has been refused is something, too: it leads on to what comes before it.
    const now = await this.#deps.events.byIds(events.map(({ eventId }) => eventId));
    return [...now.values()].filter(({ snapshot }) => snapshot !== undefined).length;
  }

  /** Whom to ask about a room's history: those that have most users there. */
  async servers(room: Room): Promise<ServerName[]> {
    const { servers } = await this.#deps.membersOf(room);
    return [...servers]
      .filter(([server]) => server !== this.#deps.serverName)
      .sort(([, a], [, b]) => b - a)
      .slice(0, MAX_SERVERS)
      .map(([server]) => server);
  }
}

/** Those of `news` that can be reached from `gaps` without passing events that we have. */
const behind = (gaps: readonly EventId[], news: readonly Event[]): Event[] => {
  const byId = new Map(news.map((event) => [event.eventId, event]));
  const found = new Map<EventId, Event>();
  for (let wave = gaps; wave.length > 0;) {
    const events = wave.flatMap((id) => byId.get(id) ?? []).filter(({ eventId }) => !found.has(eventId));
    for (const event of events) found.set(event.eventId, event);
    wave = events.flatMap(({ prevEvents }) => prevEvents);
  }
  return [...found.values()];
};

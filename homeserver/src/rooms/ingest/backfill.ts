import type { EventId, ServerName } from '@holm/spec/ids';
import type { Log } from '../../platform/log.ts';
import type { Database, ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { RoomEngine } from '../engine.ts';
import type { Events } from '../events.ts';
import type { RoomNid } from '../model.ts';
import type { Room } from '../room.ts';
import type { Admission } from './admission.ts';
import type { Ingest, Step } from './ingest.ts';
import type { Missing, StatedState } from './missing.ts';
import { byPrevEvents, inOrder } from './order.ts';
import type { RemoteRooms } from './ports.ts';

const MAX_GAPS = 20;
const MAX_SERVERS = 4;
const MAX_ROUNDS = 5;

export interface BackfillDeps {
  readonly db: Database;
  readonly serverName: ServerName;
  readonly membersOf: RoomEngine['membersOf'];
  readonly remote: RemoteRooms;
  readonly admission: Admission;
  readonly missing: Missing;
  readonly ingest: Ingest;
  readonly events: Events;
  readonly log: Log;
}

const store = {
  async gaps(tx: ReadTx, room: RoomNid): Promise<EventId[]> {
    const rows = await tx.rows<{ event_id: EventId }>(
      named(
        'gaps.newest',
        sql`SELECT event_id FROM room_gaps WHERE room_nid = ${room} ORDER BY child_nid DESC LIMIT ${MAX_GAPS}`,
      ),
    );
    return rows.map((row) => row.event_id);
  },
};

/** Fetches history from before this server took part in a room. */
export class Backfill {
  readonly #deps: BackfillDeps;

  constructor(deps: BackfillDeps) {
    this.#deps = deps;
  }

  /**
   * Fetches events older than the number `beforeOrd` of the room's timeline, up to about `limit`. Resolves when what
   * could be had is stored; that nothing could is no failure.
   */
  async atLeast(room: Room, beforeOrd: number, limit: number): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const have = beforeOrd - (room.head?.firstOrd ?? beforeOrd);
      if (have >= limit || !(await this.#more(room, limit - have))) return;
    }
  }

  /** Asks servers in the room, one after the other, until one has something. False when there is no more to be had. */
  async #more(room: Room, limit: number): Promise<boolean> {
    const gaps = await store.gaps(this.#deps.db, room.nid);
    if (gaps.length === 0) return false;
    for (const server of await this.#servers(room)) {
      try {
        if (await this.#from(server, room, gaps, limit)) return true;
      } catch (err) {
        this.#deps.log.info('another server gave no history', { server, roomId: room.roomId, err });
      }
    }
    return false;
  }

  async #from(server: ServerName, room: Room, gaps: readonly EventId[], limit: number): Promise<boolean> {
    const { remote, admission, missing, events, ingest } = this.#deps;
    const raw = await remote.backfill(server, room.roomId, gaps, limit);
    const admitted = await admission.admit(room, raw, { limitReferences: false });
    const stored = await events.byIds(admitted.events.map(({ eventId }) => eventId));
    const news = admitted.events.filter(({ eventId }) => stored.get(eventId)?.snapshot === undefined);
    if (news.length === 0) return false;
    const step: Step = {
      events: inOrder(news, byPrevEvents),
      outliers: await missing.authEvents(server, room, news),
      stated: await this.#states(server, room, news),
      forward: false,
      isHistory: true,
    };
    const verdicts = await ingest.enter(room, step);
    return [...verdicts.values()].some(({ allowed }) => allowed);
  }

  /** The oldest events follow others that we do not have: the state before them is the server's word. */
  async #states(server: ServerName, room: Room, events: Step['events']): Promise<Map<EventId, StatedState>> {
    const states = new Map<EventId, StatedState>();
    for (const event of await this.#deps.missing.withGaps(events)) {
      const stated = await this.#deps.missing.stateBefore(server, room, event);
      if (stated) states.set(event.eventId, stated);
    }
    return states;
  }

  async #servers(room: Room): Promise<ServerName[]> {
    const { servers } = await this.#deps.membersOf(room);
    return [...servers]
      .filter(([server]) => server !== this.#deps.serverName)
      .sort(([, a], [, b]) => b - a)
      .slice(0, MAX_SERVERS)
      .map(([server]) => server);
  }
}

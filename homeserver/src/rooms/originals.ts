import type { Event } from '../core/events/event.ts';
import { storedEvent } from '../core/events/stored-event.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, ReadTx } from '../storage/database.ts';
import { named, sql } from '../storage/sql.ts';
import type { EventNid, RoomNid, StoredEvent } from './model.ts';
import type { PartialRooms } from './partial/partial-rooms.ts';
import type { OriginalsKept } from './write/redaction-tables.ts';

const DAY_MS = 24 * 3_600_000;
/** Rows that one statement removes, and statements in one go: the rest is done the next time. */
const BATCH = 1_000;
const MAX_BATCHES = 100;

const store = {
  async find(tx: ReadTx, room: RoomNid, nid: EventNid): Promise<string | undefined> {
    const [row] = await tx.rows<{ json: string }>(
      named('originals.find', sql`SELECT json FROM redacted_originals WHERE room_nid = ${room} AND event_nid = ${nid}`),
    );
    return row?.json;
  },

  findAll: (tx: ReadTx, room: RoomNid, nids: readonly EventNid[]): Promise<{ event_nid: EventNid; json: string }[]> =>
    tx.rows(sql`
      SELECT event_nid, json FROM redacted_originals WHERE room_nid = ${room} AND event_nid = ANY(${nids}::bigint[])`),

  /** What was redacted in a room that is known in part may have to be given back. */
  prune: (db: Database, before: number): Promise<number> =>
    db.run(sql`
      DELETE FROM redacted_originals WHERE (room_nid, event_nid) IN (
        SELECT room_nid, event_nid FROM redacted_originals o
         WHERE kept_since <= ${before} AND NOT EXISTS (SELECT FROM partial_rooms p WHERE p.room_nid = o.room_nid)
         ORDER BY kept_since LIMIT ${BATCH})`),
};

/**
 * What redacted events were before. Nobody but moderators may know, and they only for some time. In a room that is known in
 * part it is kept in any case until the room is known in full: only then it is certain that the redaction was one.
 */
export class Originals implements OriginalsKept {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #keptDays: number | 'forever';

  readonly #partial: Pick<PartialRooms, 'get'>;

  constructor(
    {
      db,
      clock,
      partial,
    }: { readonly db: Database; readonly clock: Clock; readonly partial: Pick<PartialRooms, 'get'> },
    keptDays: number | 'forever',
  ) {
    this.#db = db;
    this.#clock = clock;
    this.#partial = partial;
    this.#keptDays = keptDays;
  }

  /** How long they are kept; absent for ever. */
  get keptMs(): number | undefined {
    return this.#keptDays === 'forever' ? undefined : this.#keptDays * DAY_MS;
  }

  since = (room: RoomNid): number | undefined =>
    this.#keptDays === 0 && !this.#partial.get(room) ? undefined : this.#clock.now();

  /** Whether what was redacted then is still here, if it ever was. */
  areKeptSince(redactedAt: number): boolean {
    return this.keptMs === undefined || this.#clock.now() - redactedAt < this.keptMs;
  }

  async of({ roomNid, nid, event }: StoredEvent): Promise<Event | undefined> {
    if (this.#keptDays === 0) return undefined;
    const text = await store.find(this.#db, roomNid, nid);
    return text === undefined ? undefined : storedEvent(event.eventId, event.roomId, event.version, text);
  }

  /** Of events of one room. */
  async ofAll(events: readonly StoredEvent[]): Promise<Map<EventNid, Event>> {
    const [first] = events;
    if (!first) return new Map();
    const known = new Map(events.map(({ nid, event }) => [nid, event] as const));
    const rows = await store.findAll(this.#db, first.roomNid, [...known.keys()]);
    return new Map(
      rows.flatMap(({ event_nid: nid, json }) => {
        const event = known.get(nid);
        return event ? [[nid, storedEvent(event.eventId, event.roomId, event.version, json)] as const] : [];
      }),
    );
  }

  /** Removes for good what has been kept long enough. Resolves to the number of events. */
  async prune(): Promise<number> {
    const { keptMs } = this;
    if (keptMs === undefined) return 0;
    let pruned = 0;
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const removed = await store.prune(this.#db, this.#clock.now() - keptMs);
      pruned += removed;
      if (removed < BATCH) break;
    }
    return pruned;
  }
}

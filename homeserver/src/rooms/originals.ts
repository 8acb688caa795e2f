import type { Event } from '../core/events/event.ts';
import { storedEvent } from '../core/events/stored-event.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, ReadTx } from '../storage/database.ts';
import { named, sql } from '../storage/sql.ts';
import type { EventNid, RoomNid, StoredEvent } from './model.ts';
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

  prune: (db: Database, before: number): Promise<number> =>
    db.run(sql`
      DELETE FROM redacted_originals WHERE (room_nid, event_nid) IN (
        SELECT room_nid, event_nid FROM redacted_originals WHERE kept_since <= ${before}
         ORDER BY kept_since LIMIT ${BATCH})`),
};

/** What redacted events were before. Nobody but moderators may know, and they only for some time. */
export class Originals implements OriginalsKept {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #keptDays: number | 'forever';

  constructor(db: Database, clock: Clock, keptDays: number | 'forever') {
    this.#db = db;
    this.#clock = clock;
    this.#keptDays = keptDays;
  }

  /** How long they are kept; absent for ever. */
  get keptMs(): number | undefined {
    return this.#keptDays === 'forever' ? undefined : this.#keptDays * DAY_MS;
  }

  since = (): number | undefined => (this.#keptDays === 0 ? undefined : this.#clock.now());

  /** Whether what was redacted then is still here, if it ever was. */
  areKeptSince(redactedAt: number): boolean {
    return this.keptMs === undefined || this.#clock.now() - redactedAt < this.keptMs;
  }

  async of({ roomNid, nid, event }: StoredEvent): Promise<Event | undefined> {
    const text = await store.find(this.#db, roomNid, nid);
    return text === undefined ? undefined : storedEvent(event.eventId, event.roomId, event.version, text);
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

import type { Database, ReadTx } from '../../storage/database.ts';
import { sql } from '../../storage/sql.ts';
import type { Position } from '../../streams/stream.ts';
import { EVENT_STATUSES } from '../events.store.ts';
import type { EventNid, RoomNid } from '../model.ts';
import type { Stuck } from './stuck.ts';

interface Row {
  readonly room_nid: RoomNid;
  readonly event_nid: EventNid;
  readonly position: Position | null;
  readonly expires_at: number;
}

/** Rows are written by the room writer, in the statement that writes the event. */
export const stickyStore = {
  async all(tx: ReadTx, now: number): Promise<(readonly [RoomNid, Stuck])[]> {
    const rows = await tx.rows<Row>(sql`
      SELECT room_nid, event_nid, position, expires_at FROM sticky_events WHERE expires_at > ${now} ORDER BY event_nid`);
    return rows.map((row) => [
      row.room_nid,
      { nid: row.event_nid, position: row.position ?? undefined, expiresAt: row.expires_at },
    ]);
  },

  /** An event that was soft-failed is not any more. */
  async reveal(db: Database, nid: EventNid, position: Position): Promise<void> {
    await db.run(sql`
      WITH accepted AS (
        UPDATE events SET status = ${EVENT_STATUSES.indexOf('accepted')}
         WHERE event_nid = ${nid} AND status = ${EVENT_STATUSES.indexOf('soft-failed')})
      UPDATE sticky_events SET position = ${position} WHERE event_nid = ${nid}`);
  },

  removeExpired: (db: Database, now: number): Promise<number> =>
    db.run(sql`DELETE FROM sticky_events WHERE expires_at <= ${now}`),
};

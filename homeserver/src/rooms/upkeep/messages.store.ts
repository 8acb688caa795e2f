import type { Database, ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { EventNid, RoomNid } from '../model.ts';

/** Rows of a timeline that are looked at together. */
export const WINDOW = 1_000;

export interface Candidate {
  readonly event_nid: EventNid;
  readonly ord: number | null;
  readonly sent_at: number;
  readonly is_state: boolean;
  /** State of the room has been redacted by it, and says so. */
  readonly is_needed: boolean;
}

const CANDIDATE = `e.event_nid, e.ord, e.sent_at, e.key_number IS NOT NULL AS is_state,
  EXISTS (SELECT FROM events t WHERE t.redacted_by = e.event_nid AND t.key_number IS NOT NULL) AS is_needed`;

export interface EventTable {
  readonly name: string;
  readonly column: string;
  readonly hasRoom: boolean;
}

export const messagesStore = {
  /** A part of a room's timeline, upwards from `after`. */
  window: (tx: ReadTx, room: RoomNid, after: number): Promise<Candidate[]> =>
    tx.rows(
      named('messages.window', {
        text: `SELECT ${CANDIDATE} FROM events e WHERE room_nid = $1 AND ord > $2 ORDER BY ord LIMIT ${WINDOW}`,
        values: [room, after],
      }),
    ),

  /** What was never shown: it came too late, or waits for something. */
  hidden: (tx: ReadTx, room: RoomNid, before: number): Promise<Candidate[]> =>
    tx.rows({
      text: `SELECT ${CANDIDATE} FROM events e
              WHERE room_nid = $1 AND ord IS NULL AND key_number IS NULL AND snapshot IS NOT NULL AND sent_at < $2
              ORDER BY event_nid LIMIT ${WINDOW}`,
      values: [room, before],
    }),

  /**
   * Tables with rows about single events, as the catalogue says, but for those that only know state: whoever adds one that
   * names its event `event_nid` or `child_nid` has it purged with the event.
   */
  async tablesOfEvents(tx: ReadTx): Promise<EventTable[]> {
    return tx.rows(sql`
      SELECT c.table_name::text AS name, c.column_name::text AS column, EXISTS (
               SELECT FROM information_schema.columns r
                WHERE r.table_schema = c.table_schema AND r.table_name = c.table_name
                  AND r.column_name = 'room_nid') AS "hasRoom"
        FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
       WHERE c.table_schema = current_schema() AND c.column_name IN ('event_nid', 'child_nid', 'redaction_nid')
         AND t.table_type = 'BASE TABLE'
         AND c.table_name NOT IN ('events', 'memberships', 'current_state', 'send_txns', 'txn_marks')
       ORDER BY 1`);
  },

  async remove(db: Database, room: RoomNid, nids: readonly EventNid[], tables: readonly EventTable[]): Promise<void> {
    await db.transact(async (tx) => {
      for (const { name, column, hasRoom } of tables) {
        const ofRoom = hasRoom ? 'room_nid = $2' : '$2::int IS NOT NULL';
        const text = `DELETE FROM "${name}" WHERE "${column}" = ANY($1::bigint[]) AND ${ofRoom}`;
        await tx.run({ text, values: [nids, room] });
      }
      await tx.run(sql`DELETE FROM events WHERE room_nid = ${room} AND event_nid = ANY(${nids}::bigint[])`);
    });
  },

  strip: (db: Database, nid: EventNid, text: string): Promise<number> =>
    db.run(sql`UPDATE events SET json = ${text} WHERE event_nid = ${nid}`),

  raiseFloor: (db: Database, room: RoomNid, before: number): Promise<number> =>
    db.run(sql`
      INSERT INTO room_floors (room_nid, purged_before) VALUES (${room}, ${before})
      ON CONFLICT (room_nid) DO UPDATE SET purged_before = greatest(room_floors.purged_before, EXCLUDED.purged_before)`),
};

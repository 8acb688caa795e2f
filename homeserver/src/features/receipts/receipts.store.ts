import type { ReadTx, Database } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { RoomNid } from '../../rooms/model.ts';
import type { Position, Range } from '../../streams/stream.ts';
import type { Receipt } from './receipt.ts';

interface Row {
  readonly room_nid: RoomNid;
  readonly user_id: Receipt['userId'];
  readonly receipt_type: Receipt['type'];
  readonly thread_id: string | null;
  readonly event_id: Receipt['eventId'];
  readonly ord: number | null;
  readonly ts: Receipt['ts'];
}

const fromRow = (row: Row): Receipt => ({
  roomNid: row.room_nid,
  userId: row.user_id,
  type: row.receipt_type,
  threadId: row.thread_id ?? undefined,
  eventId: row.event_id,
  ord: row.ord ?? undefined,
  ts: row.ts,
});

const column = <K extends keyof Receipt>(receipts: readonly Receipt[], key: K) =>
  receipts.map((receipt) => receipt[key] ?? null);

export const receiptsStore = {
  /** Stores receipts that are further on than what there is. Resolves to those. No two may be of the same key. */
  async put(db: Database, receipts: readonly Receipt[], position: Position): Promise<Receipt[]> {
    const rows = await db.rows<Row>(
      named(
        'receipts.put',
        sql`
      INSERT INTO receipts AS r (room_nid, user_id, receipt_type, thread_id, event_id, ord, ts, position)
      SELECT *, ${position}::bigint
        FROM unnest(${column(receipts, 'roomNid')}::int[], ${column(receipts, 'userId')}::text[],
                    ${column(receipts, 'type')}::text[], ${column(receipts, 'threadId')}::text[],
                    ${column(receipts, 'eventId')}::text[], ${column(receipts, 'ord')}::bigint[],
                    ${column(receipts, 'ts')}::bigint[])
      ON CONFLICT (room_nid, user_id, receipt_type, thread_id) DO UPDATE
         SET event_id = EXCLUDED.event_id, ord = EXCLUDED.ord, ts = EXCLUDED.ts, position = EXCLUDED.position
       WHERE r.event_id <> EXCLUDED.event_id AND coalesce(EXCLUDED.ord > r.ord, true)
      RETURNING room_nid, user_id, receipt_type, thread_id, event_id, ord, ts`,
      ),
    );
    return rows.map(fromRow);
  },

  async changed(tx: ReadTx, rooms: readonly RoomNid[], range: Range): Promise<Receipt[]> {
    const rows = await tx.rows<Row>(
      named(
        'receipts.changed',
        sql`
      SELECT room_nid, user_id, receipt_type, thread_id, event_id, ord, ts FROM receipts
       WHERE room_nid = ANY(${rooms}::int[]) AND position > ${range.after} AND position <= ${range.upTo}
       ORDER BY position`,
      ),
    );
    return rows.map(fromRow);
  },
};

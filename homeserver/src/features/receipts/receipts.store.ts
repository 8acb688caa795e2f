import type { RoomId, ServerName, UserId } from '@holm/spec/ids';
import type { UnixMillis } from '../../platform/clock.ts';
import { isUnheard } from '../../storage/broken.ts';
import type { ReadTx, Database } from '../../storage/database.ts';
import { named, type Sql, sql } from '../../storage/sql.ts';
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

/** With its place in the stream of receipts. */
export interface PlacedReceipt {
  readonly receipt: Receipt;
  readonly position: Position;
}

/** What is asked of a server's receipts that another one may have missed. */
interface ToldSince {
  readonly server: ServerName;
  readonly since: UnixMillis;
  /** Whose users. */
  readonly ofServer: ServerName;
}

/** A clock that went so far ahead is not waited for. */
const AHEAD_MS = 300_000;

export interface Recorded {
  readonly position: Position;
  /**
   * For receipts that another server tells of its users: when it does. It has the last word on what is further on, because
   * events may have come to it in another order than to us.
   */
  readonly toldAt?: UnixMillis;
}

const putting = (receipts: readonly Receipt[], { position, toldAt }: Recorded): Sql =>
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
       WHERE r.event_id <> EXCLUDED.event_id
         AND CASE WHEN ${toldAt !== undefined} THEN EXCLUDED.ts >= r.ts OR r.ts > ${(toldAt ?? 0) + AHEAD_MS}::bigint
                  ELSE coalesce(EXCLUDED.ord > r.ord, true) END
      RETURNING room_nid, user_id, receipt_type, thread_id, event_id, ord, ts`,
  );

const storedAt = (receipts: readonly Receipt[], { position }: Recorded): Sql => sql`
  SELECT room_nid, user_id, receipt_type, thread_id, event_id, ord, ts FROM receipts
   WHERE room_nid = ANY(${column(receipts, 'roomNid')}::int[]) AND position = ${position}`;

export const receiptsStore = {
  /** Stores receipts that are further on than what there is. Resolves to those. No two may be of the same key. */
  async put(db: Database, receipts: readonly Receipt[], recorded: Recorded): Promise<Receipt[]> {
    try {
      return (await db.rows<Row>(putting(receipts, recorded))).map(fromRow);
    } catch (error) {
      // What was stored all the same has to be told: the position that it is at is passed by.
      const stored = isUnheard(error) ? await db.rowsWhenBack<Row>(storedAt(receipts, recorded)) : [];
      if (stored.length === 0) throw error;
      return stored.map(fromRow);
    }
  },

  /** Of each of these users, keeps the newest of the receipts that are of threads. */
  shorten: (db: Database, room: RoomNid, users: readonly UserId[], most: number): Promise<number> =>
    db.run(
      named(
        'receipts.shorten',
        sql`
      DELETE FROM receipts WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM (
          SELECT ctid, row_number() OVER (PARTITION BY user_id ORDER BY position DESC, ts DESC) AS nth FROM receipts
           WHERE room_nid = ${room} AND user_id = ANY(${users}::text[]) AND thread_id IS NOT NULL) r
         WHERE nth > ${most}))`,
      ),
    ),

  /** The newest public receipts of users who are in rooms that the other server is in, too. */
  async toldSince(tx: ReadTx, { server, since, ofServer }: ToldSince, limit: number) {
    const suffix = `:${ofServer}`;
    const rows = await tx.rows<Row & { readonly room_id: RoomId }>(sql`
      SELECT rooms.room_id, r.room_nid, r.user_id, r.receipt_type, r.thread_id, r.event_id, r.ord, r.ts
        FROM receipts r
        JOIN memberships m ON m.room_nid = r.room_nid AND m.user_id = r.user_id AND m.membership = 'join'
        JOIN rooms ON rooms.room_nid = r.room_nid
       WHERE r.receipt_type = 'm.read' AND r.ts >= ${since} AND right(r.user_id, ${suffix.length}::int) = ${suffix}
         AND EXISTS (SELECT FROM memberships theirs WHERE theirs.room_nid = r.room_nid AND theirs.server = ${server}
                        AND theirs.membership = 'join')
       ORDER BY r.ts DESC LIMIT ${limit}`);
    return rows.map((row) => ({ ...fromRow(row), roomId: row.room_id }));
  },

  async changed(tx: ReadTx, rooms: readonly RoomNid[], range: Range): Promise<PlacedReceipt[]> {
    const rows = await tx.rows<Row & { readonly position: Position }>(
      named(
        'receipts.changed',
        sql`
      SELECT room_nid, user_id, receipt_type, thread_id, event_id, ord, ts, position FROM receipts
       WHERE room_nid = ANY(${rooms}::int[]) AND position > ${range.after} AND position <= ${range.upTo}
       ORDER BY position`,
      ),
    );
    return rows.map((row) => ({ receipt: fromRow(row), position: row.position }));
  },
};

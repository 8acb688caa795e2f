import type { Database, ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { EventNid, RoomNid } from '../model.ts';
import { wellKnownKey } from '../state/well-known-keys.ts';

const WISH = wellKnownKey(['m.room.retention', '']) ?? -1;

/** A room in which something may have expired. */
export interface DueRoom {
  readonly nid: RoomNid;
  /** The event that says how long it keeps messages; absent where it says nothing. */
  readonly wish: EventNid | undefined;
}

export interface Dues {
  readonly now: number;
  readonly rules: string;
  /** Also rooms that wish for nothing. */
  readonly concernsAll: boolean;
  readonly after: RoomNid;
  readonly limit: number;
}

export const expiryStore = {
  /** Where it is time, where nobody has looked yet, and where something else holds now than when somebody did. */
  async due(tx: ReadTx, { now, rules, concernsAll, after, limit }: Dues): Promise<DueRoom[]> {
    const rows = await tx.rows<{ room_nid: RoomNid; wish: EventNid | null }>(
      named(
        'expiry.due',
        sql`SELECT h.room_nid, c.event_nid AS wish
              FROM room_heads h
              LEFT JOIN current_state c ON c.room_nid = h.room_nid AND c.key_number = ${WISH}
              LEFT JOIN room_expiries x ON x.room_nid = h.room_nid
             WHERE h.room_nid > ${after} AND (${concernsAll} OR c.event_nid IS NOT NULL)
               AND (x.room_nid IS NULL OR x.due_at <= ${now} OR x.rules <> ${rules}
                    OR x.wish IS DISTINCT FROM c.event_nid)
             ORDER BY h.room_nid LIMIT ${limit}`,
      ),
    );
    return rows.map(({ room_nid: nid, wish }) => ({ nid, wish: wish ?? undefined }));
  },

  async put(db: Database, rooms: readonly (DueRoom & { readonly dueAt: number })[], rules: string): Promise<void> {
    await db.run(sql`
      INSERT INTO room_expiries (room_nid, due_at, wish, rules)
      SELECT u.room_nid, u.due_at, u.wish, ${rules}
        FROM unnest(${rooms.map(({ nid }) => nid)}::int[], ${rooms.map(({ dueAt }) => dueAt)}::bigint[],
                    ${rooms.map(({ wish }) => wish ?? null)}::bigint[]) AS u (room_nid, due_at, wish)
       WHERE EXISTS (SELECT FROM room_heads h WHERE h.room_nid = u.room_nid)
      ON CONFLICT (room_nid) DO UPDATE SET due_at = EXCLUDED.due_at, wish = EXCLUDED.wish, rules = EXCLUDED.rules`);
  },
};

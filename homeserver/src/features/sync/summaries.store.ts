import type { UserId } from '@holm/spec/ids';
import type { RoomNid } from '../../rooms/model.ts';
import type { ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';

interface CountRow {
  readonly room_nid: RoomNid;
  readonly joined: number;
  readonly invited: number;
}

export const summariesStore = {
  async counts(tx: ReadTx, rooms: readonly RoomNid[]): Promise<Map<RoomNid, CountRow>> {
    const rows = await tx.rows<CountRow>(
      named(
        'sync.member_counts',
        sql`SELECT room_nid, count(*) FILTER (WHERE membership = 'join')::int AS joined,
                   count(*) FILTER (WHERE membership = 'invite')::int AS invited
              FROM memberships WHERE room_nid = ANY(${rooms}::int[]) GROUP BY room_nid`,
      ),
    );
    return new Map(rows.map((row) => [row.room_nid, row]));
  },

  /** The first members of each room: those who are in it or invited before those who left, and nobody who asks to be let in. */
  async first(tx: ReadTx, rooms: readonly RoomNid[], limit: number): Promise<Map<RoomNid, UserId[]>> {
    const rows = await tx.rows<{ room_nid: RoomNid; users: UserId[] }>(
      named(
        'sync.first_members',
        sql`SELECT r.room_nid,
                   ARRAY(SELECT user_id FROM memberships WHERE room_nid = r.room_nid AND membership <> 'knock'
                          ORDER BY membership IN ('join', 'invite') DESC, position, user_id LIMIT ${limit}) AS users
              FROM unnest(${rooms}::int[]) AS r(room_nid)`,
      ),
    );
    return new Map(rows.map(({ room_nid, users }) => [room_nid, users]));
  },
};

import type { UserId } from '@holm/spec/ids';
import type { RoomNid } from '../../rooms/model.ts';
import type { ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';

interface MembersRow {
  readonly room_nid: RoomNid;
  readonly joined: number;
  readonly invited: number;
  readonly first: readonly UserId[];
}

export const summariesStore = {
  /**
   * How many are in each room, and its first members: those who are in it or invited before those who left, and nobody who asks to be
   * let in.
   */
  members: (tx: ReadTx, rooms: readonly RoomNid[], limit: number): Promise<MembersRow[]> =>
    tx.rows<MembersRow>(
      named(
        'sync.members',
        sql`SELECT r.room_nid, c.joined, c.invited,
                   ARRAY(SELECT user_id FROM memberships WHERE room_nid = r.room_nid AND membership <> 'knock'
                          ORDER BY membership IN ('join', 'invite') DESC, position, user_id LIMIT ${limit}) AS first
              FROM unnest(${rooms}::int[]) AS r(room_nid)
             CROSS JOIN LATERAL (
               SELECT count(*) FILTER (WHERE membership = 'join')::int AS joined,
                      count(*) FILTER (WHERE membership = 'invite')::int AS invited
                 FROM memberships WHERE room_nid = r.room_nid) c`,
      ),
    ),
};

import type { ServerName, UserId } from '@holm/spec/ids';
import type { UnixMillis } from '../../platform/clock.ts';
import type { RoomNid } from '../../rooms/model.ts';
import type { ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { Position } from '../../streams/stream.ts';
import type { PresenceState } from './status.ts';

export interface PresenceRow {
  readonly user_id: UserId;
  readonly state: PresenceState;
  readonly last_active: UnixMillis | null;
  readonly status_msg: string | null;
  readonly position: Position;
}

export interface RoomSize {
  readonly room_nid: RoomNid;
  readonly server: ServerName;
  readonly joined: number;
}

export const presenceStore = {
  /** The rooms that each of these users is in. */
  async roomsOf(tx: ReadTx, users: readonly UserId[]): Promise<Map<UserId, RoomNid[]>> {
    const rows = await tx.rows<{ user_id: UserId; rooms: RoomNid[] }>(
      named(
        'presence.rooms_of',
        sql`SELECT user_id, array_agg(room_nid) AS rooms FROM memberships
             WHERE user_id = ANY(${users}::text[]) AND membership = 'join' GROUP BY user_id`,
      ),
    );
    return new Map(rows.map(({ user_id, rooms }) => [user_id, rooms]));
  },

  /** How many of which servers are in each room, where no more than `limit` members are looked at. */
  sizes: (tx: ReadTx, rooms: readonly RoomNid[], limit: number | null): Promise<RoomSize[]> =>
    tx.rows<RoomSize>(
      named(
        'presence.sizes',
        sql`SELECT r.room_nid, m.server, count(*)::int AS joined
              FROM unnest(${rooms}::int[]) AS r(room_nid)
             CROSS JOIN LATERAL (SELECT server FROM memberships
                                  WHERE room_nid = r.room_nid AND membership = 'join' LIMIT ${limit}) m
             GROUP BY 1, 2`,
      ),
    ),

  /** Whose presence changed last, oldest first. */
  newest: (tx: ReadTx, limit: number): Promise<PresenceRow[]> =>
    tx.rows<PresenceRow>(sql`
      SELECT * FROM (SELECT user_id, state, last_active, status_msg, position FROM presence
                      ORDER BY position DESC LIMIT ${limit}) newest ORDER BY position`),

  put: (tx: ReadTx, rows: readonly PresenceRow[]): Promise<unknown> =>
    tx.rows(
      named(
        'presence.put',
        sql`INSERT INTO presence (user_id, state, last_active, status_msg, position)
            SELECT * FROM unnest(${rows.map((row) => row.user_id)}::text[], ${rows.map((row) => row.state)}::text[],
                                 ${rows.map((row) => row.last_active)}::bigint[],
                                 ${rows.map((row) => row.status_msg)}::text[],
                                 ${rows.map((row) => row.position)}::bigint[])
            ON CONFLICT (user_id) DO UPDATE
               SET state = EXCLUDED.state, last_active = EXCLUDED.last_active, status_msg = EXCLUDED.status_msg,
                   position = EXCLUDED.position`,
      ),
    ),

  /** What our users say of themselves is kept. */
  trim: (tx: ReadTx, before: Position, us: ServerName): Promise<unknown> =>
    tx.rows(sql`
      DELETE FROM presence WHERE position < ${before}
         AND (status_msg IS NULL OR right(user_id, length(${us}) + 1) <> ':' || ${us})`),
};

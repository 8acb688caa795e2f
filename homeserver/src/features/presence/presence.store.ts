import type { ServerName, UserId } from '@holm/spec/ids';
import type { UnixMillis } from '../../platform/clock.ts';
import type { RoomNid } from '../../rooms/model.ts';
import type { ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { Position, Range } from '../../streams/stream.ts';
import type { PresenceState } from './status.ts';

export interface PresenceRow {
  readonly user_id: UserId;
  readonly state: PresenceState;
  readonly last_active: UnixMillis | null;
  readonly status_msg: string | null;
  readonly is_active: boolean;
  readonly changed_at: UnixMillis;
  readonly position: Position;
}

export interface MemberRow {
  readonly user_id: UserId;
  readonly server: ServerName;
  readonly room_nid: RoomNid;
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

  /** To be asked of rooms that are not large. */
  membersOf: (tx: ReadTx, rooms: readonly RoomNid[]): Promise<MemberRow[]> =>
    tx.rows<MemberRow>(
      named(
        'presence.members_of',
        sql`SELECT user_id, server, room_nid FROM memberships
             WHERE room_nid = ANY(${rooms}::int[]) AND membership = 'join'`,
      ),
    ),

  /** Whose presence changed in a range, and who is in one of some rooms. */
  async changedAmong(tx: ReadTx, rooms: readonly RoomNid[], { after, upTo }: Range): Promise<UserId[]> {
    const rows = await tx.rows<Pick<PresenceRow, 'user_id'>>(
      named(
        'presence.changed_among',
        sql`SELECT p.user_id FROM presence p
             WHERE p.position > ${after} AND p.position <= ${upTo}
               AND EXISTS (SELECT FROM memberships m WHERE m.user_id = p.user_id AND m.room_nid = ANY(${rooms}::int[])
                              AND m.membership = 'join')`,
      ),
    );
    return rows.map(({ user_id: user }) => user);
  },

  /** Whose presence changed last, oldest first. */
  newest: (tx: ReadTx, limit: number): Promise<PresenceRow[]> =>
    tx.rows<PresenceRow>(sql`
      SELECT * FROM (SELECT user_id, state, last_active, status_msg, is_active, changed_at, position FROM presence
                      ORDER BY position DESC LIMIT ${limit}) newest ORDER BY position`),

  put: (tx: ReadTx, rows: readonly PresenceRow[]): Promise<unknown> =>
    tx.rows(
      named(
        'presence.put',
        sql`INSERT INTO presence (user_id, state, last_active, status_msg, is_active, changed_at, position)
            SELECT * FROM unnest(${rows.map((row) => row.user_id)}::text[], ${rows.map((row) => row.state)}::text[],
                                 ${rows.map((row) => row.last_active)}::bigint[],
                                 ${rows.map((row) => row.status_msg)}::text[],
                                 ${rows.map((row) => row.is_active)}::boolean[],
                                 ${rows.map((row) => row.changed_at)}::bigint[],
                                 ${rows.map((row) => row.position)}::bigint[])
            ON CONFLICT (user_id) DO UPDATE
               SET state = EXCLUDED.state, last_active = EXCLUDED.last_active, status_msg = EXCLUDED.status_msg,
                   is_active = EXCLUDED.is_active, changed_at = EXCLUDED.changed_at, position = EXCLUDED.position`,
      ),
    ),

  /** What our users say of themselves is kept. */
  trim: (tx: ReadTx, before: UnixMillis, us: ServerName): Promise<unknown> =>
    tx.rows(sql`
      DELETE FROM presence WHERE changed_at < ${before}
         AND (status_msg IS NULL OR right(user_id, length(${us}) + 1) <> ':' || ${us})`),
};

import type { RoomId, ServerName, UserId } from '@holm/spec/ids';
import type { Membership } from '../../core/events/membership.ts';
import type { KeyNumber, RoomNid } from '../../rooms/model.ts';
import type { ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';

export interface JoinedCounts {
  readonly joined: number;
  readonly local: number;
}

export interface KnownRoom {
  readonly roomId: RoomId;
  readonly nid: RoomNid;
}

export const roomSummariesStore = {
  async counts(tx: ReadTx, rooms: readonly RoomNid[], us: ServerName): Promise<Map<RoomNid, JoinedCounts>> {
    const rows = await tx.rows<JoinedCounts & { nid: RoomNid }>(
      named(
        'summaries.counts',
        sql`SELECT room_nid AS nid, count(*)::int AS joined, (count(*) FILTER (WHERE server = ${us}))::int AS local
              FROM memberships WHERE room_nid = ANY(${rooms}::int[]) AND membership = 'join' GROUP BY room_nid`,
      ),
    );
    return new Map(rows.map(({ nid, ...counts }) => [nid, counts]));
  },

  /** Those of the rooms that this server knows of. */
  known: (tx: ReadTx, rooms: readonly RoomId[]): Promise<KnownRoom[]> =>
    tx.rows(
      named(
        'summaries.known',
        sql`SELECT room_id AS "roomId", room_nid AS nid FROM rooms WHERE room_id = ANY(${rooms}::text[])`,
      ),
    ),

  /** What a user is in those of the rooms that they have to do with. */
  async membershipsOf(tx: ReadTx, user: UserId, rooms: readonly RoomId[]): Promise<Map<RoomId, Membership>> {
    const rows = await tx.rows<{ room_id: RoomId; membership: Membership }>(
      named(
        'summaries.memberships_of',
        sql`SELECT r.room_id, m.membership FROM rooms r JOIN memberships m USING (room_nid)
             WHERE r.room_id = ANY(${rooms}::text[]) AND m.user_id = ${user}`,
      ),
    );
    return new Map(rows.map(({ room_id, membership }) => [room_id, membership]));
  },

  /** Those of the rooms that somebody of a server is in, or invited to. */
  async presenceOf(
    tx: ReadTx,
    server: ServerName,
    rooms: readonly RoomId[],
  ): Promise<Map<RoomId, { readonly isIn: boolean; readonly isInvited: boolean }>> {
    const rows = await tx.rows<{ room_id: RoomId; joined: boolean; invited: boolean }>(
      named(
        'summaries.presence_of',
        sql`SELECT r.room_id,
                   EXISTS (SELECT FROM memberships m WHERE m.room_nid = r.room_nid AND m.server = ${server}
                              AND m.membership = 'join') AS joined,
                   EXISTS (SELECT FROM memberships m WHERE m.room_nid = r.room_nid AND m.server = ${server}
                              AND m.membership = 'invite') AS invited
              FROM rooms r WHERE r.room_id = ANY(${rooms}::text[])`,
      ),
    );
    return new Map(rows.map(({ room_id, joined, invited }) => [room_id, { isIn: joined, isInvited: invited }]));
  },

  /** The numbers of a type's state keys, for many rooms. */
  async keysOfType(tx: ReadTx, rooms: readonly RoomNid[], type: string): Promise<Map<RoomNid, KeyNumber[]>> {
    const rows = await tx.rows<{ room_nid: RoomNid; key_number: KeyNumber }>(
      named(
        'summaries.keys_of_type',
        sql`SELECT room_nid, key_number FROM room_state_keys
             WHERE room_nid = ANY(${rooms}::int[]) AND type = ${type}`,
      ),
    );
    const keys = new Map<RoomNid, KeyNumber[]>();
    for (const { room_nid, key_number } of rows) {
      const known = keys.get(room_nid);
      if (known) known.push(key_number);
      else keys.set(room_nid, [key_number]);
    }
    return keys;
  },
};

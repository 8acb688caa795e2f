import type { RoomId, ServerName, UserId } from '@holm/spec/ids';
import type { RoomNid } from '../../rooms/model.ts';
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

  /** Those of the rooms that a user is in. */
  async joinedBy(tx: ReadTx, user: UserId, rooms: readonly RoomId[]): Promise<Set<RoomId>> {
    const rows = await tx.rows<{ room_id: RoomId }>(
      named(
        'summaries.joined_by',
        sql`SELECT r.room_id FROM rooms r JOIN memberships m USING (room_nid)
             WHERE r.room_id = ANY(${rooms}::text[]) AND m.user_id = ${user} AND m.membership = 'join'`,
      ),
    );
    return new Set(rows.map(({ room_id }) => room_id));
  },

  /** Those of the rooms that somebody of a server is in. */
  async joinedByServer(tx: ReadTx, server: ServerName, rooms: readonly RoomId[]): Promise<Set<RoomId>> {
    const rows = await tx.rows<{ room_id: RoomId }>(
      named(
        'summaries.joined_by_server',
        sql`SELECT r.room_id FROM rooms r
             WHERE r.room_id = ANY(${rooms}::text[])
               AND EXISTS (SELECT FROM memberships m
                            WHERE m.room_nid = r.room_nid AND m.server = ${server} AND m.membership = 'join')`,
      ),
    );
    return new Set(rows.map(({ room_id }) => room_id));
  },

  /** Those of the rooms that somebody of a server is invited to. */
  async invitedServer(tx: ReadTx, server: ServerName, rooms: readonly RoomId[]): Promise<Set<RoomId>> {
    const rows = await tx.rows<{ room_id: RoomId }>(
      named(
        'summaries.invited_server',
        sql`SELECT r.room_id FROM rooms r
             WHERE r.room_id = ANY(${rooms}::text[])
               AND EXISTS (SELECT FROM memberships m
                            WHERE m.room_nid = r.room_nid AND m.server = ${server} AND m.membership = 'invite')`,
      ),
    );
    return new Set(rows.map(({ room_id }) => room_id));
  },
};

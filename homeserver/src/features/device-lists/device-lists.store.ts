import type { ServerName, UserId } from '@holm/spec/ids';
import type { Whereabouts } from '../../rooms/members/stays.ts';
import type { RoomNid } from '../../rooms/model.ts';
import type { ReadTx, Tx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { Position, Range } from '../../streams/stream.ts';

/** Who is in a room with somebody. */
export interface Neighbours {
  readonly servers: readonly ServerName[];
  /** Users of this server. */
  readonly local: readonly UserId[];
  readonly rooms: readonly RoomNid[];
}

interface MoveRow {
  readonly roomNid: RoomNid;
  readonly userId: UserId;
  readonly kind: 'joined' | 'left';
  readonly position: Position;
}

interface UserRow {
  readonly user_id: UserId;
}

const users = (rows: readonly UserRow[]): UserId[] => rows.map((row) => row.user_id);

export const deviceListsStore = {
  async neighbours(tx: ReadTx, user: UserId, us: ServerName): Promise<Neighbours> {
    const rooms = await tx.rows<{ room_nid: RoomNid }>(
      sql`SELECT room_nid FROM memberships WHERE user_id = ${user} AND membership = 'join'`,
    );
    const nids = rooms.map((row) => row.room_nid);
    const rows = await tx.rows<{ server: ServerName; local: UserId | null }>(
      named(
        'device_lists.neighbours',
        sql`
      SELECT DISTINCT server, CASE WHEN server = ${us} THEN user_id END AS local FROM memberships
       WHERE room_nid = ANY(${nids}::int[]) AND membership = 'join'`,
      ),
    );
    return {
      rooms: nids,
      servers: [...new Set(rows.map(({ server }) => server))].filter((server) => server !== us),
      local: rows.flatMap(({ local }) => local ?? []),
    };
  },

  /** The last update that was told, locked until the transaction ends; 0 before the first. */
  async lockTold(tx: Tx, user: UserId): Promise<number> {
    const [row] = await tx.rows<{ stream_id: number }>(sql`
      INSERT INTO device_list_told AS t (user_id, stream_id) VALUES (${user}, 0)
      ON CONFLICT (user_id) DO UPDATE SET stream_id = t.stream_id RETURNING stream_id`);
    return row?.stream_id ?? 0;
  },

  async putTold(tx: Tx, user: UserId, streamId: number): Promise<void> {
    await tx.run(sql`UPDATE device_list_told SET stream_id = ${streamId} WHERE user_id = ${user}`);
  },

  async told(tx: ReadTx, user: UserId): Promise<number> {
    const [row] = await tx.rows<{ stream_id: number }>(
      sql`SELECT stream_id FROM device_list_told WHERE user_id = ${user}`,
    );
    return row?.stream_id ?? 0;
  },

  async putChange(tx: Tx, changed: readonly UserId[], position: Position): Promise<void> {
    await tx.run(sql`
      INSERT INTO device_list_changes AS c (user_id, position)
      SELECT user_id, ${position}::bigint FROM unnest(${changed}::text[]) AS u (user_id)
      ON CONFLICT (user_id) DO UPDATE SET position = greatest(c.position, EXCLUDED.position)`);
  },

  async putSigned(tx: Tx, signer: UserId, signed: readonly UserId[], position: Position): Promise<void> {
    await tx.run(sql`
      INSERT INTO user_signature_changes AS c (signer_id, user_id, position)
      SELECT ${signer}, user_id, ${position}::bigint FROM unnest(${signed}::text[]) AS u (user_id)
      ON CONFLICT (signer_id, user_id) DO UPDATE SET position = greatest(c.position, EXCLUDED.position)`);
  },

  /** Who has changed something, of those in some rooms and the reader; and whom the reader has verified. */
  async changed(tx: ReadTx, reader: UserId, rooms: readonly RoomNid[], { after, upTo }: Range): Promise<UserId[]> {
    const rows = await tx.rows<UserRow>(
      named(
        'device_lists.changed',
        sql`
      SELECT user_id FROM device_list_changes c
       WHERE position > ${after} AND position <= ${upTo}
         AND (user_id = ${reader} OR EXISTS (
           SELECT FROM memberships m
            WHERE m.user_id = c.user_id AND m.membership = 'join' AND m.room_nid = ANY(${rooms}::int[])))
       UNION
      SELECT user_id FROM user_signature_changes
       WHERE signer_id = ${reader} AND position > ${after} AND position <= ${upTo}`,
      ),
    );
    return users(rows);
  },

  async joinedIn(tx: ReadTx, rooms: readonly RoomNid[]): Promise<UserId[]> {
    return users(
      await tx.rows(
        sql`SELECT DISTINCT user_id FROM memberships WHERE room_nid = ANY(${rooms}::int[]) AND membership = 'join'`,
      ),
    );
  },

  /** Those of the users who are in none of the rooms. */
  async notIn(tx: ReadTx, candidates: readonly UserId[], rooms: readonly RoomNid[]): Promise<UserId[]> {
    const rows = await tx.rows<UserRow>(sql`
      SELECT user_id FROM unnest(${candidates}::text[]) AS u (user_id)
       WHERE NOT EXISTS (
         SELECT FROM memberships m
          WHERE m.user_id = u.user_id AND m.membership = 'join' AND m.room_nid = ANY(${rooms}::int[]))`);
    return users(rows);
  },

  /**
   * Comings and goings as far as current memberships tell: with those, too, who have only changed their names, or declined an
   * invite. Who has gone may have been invited since.
   */
  movesIn: (tx: ReadTx, rooms: readonly RoomNid[], { after, upTo }: Range): Promise<MoveRow[]> =>
    tx.rows(sql`
      SELECT room_nid AS "roomNid", user_id AS "userId", position,
             CASE WHEN membership = 'join' THEN 'joined' ELSE 'left' END AS kind
        FROM memberships
       WHERE room_nid = ANY(${rooms}::int[]) AND position > ${after} AND position <= ${upTo}`),

  /** Rooms that somebody is not in, forgotten or not, and where that has changed since. */
  away: (tx: ReadTx, userId: UserId, after: Position): Promise<Whereabouts[]> =>
    tx.rows(sql`
      SELECT room_nid AS "roomNid", user_id AS "userId", event_nid AS "eventNid" FROM memberships
       WHERE user_id = ${userId} AND membership <> 'join' AND position > ${after}`),
};

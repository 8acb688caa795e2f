import type { RoomNid } from '../../../rooms/model.ts';
import type { ReadTx } from '../../../storage/database.ts';
import { named, sql } from '../../../storage/sql.ts';
import type { ConnectionKey } from './connection-key.ts';

export interface ConnectionWrite extends ConnectionKey {
  readonly epoch: string;
  readonly usedAt: number;
  readonly state: string;
  /** JSON by room, of those that have changed; all of them for a connection that has been started afresh. */
  readonly rooms: readonly (readonly [RoomNid, string])[];
}

interface ConnectionRow {
  readonly connection: number;
  readonly state: string;
}

/** A device has two or three. */
const MAX_PER_DEVICE = 20;

export const slidingConnectionsStore = {
  async get(tx: ReadTx, { userId, deviceId, conn }: ConnectionKey): Promise<ConnectionRow | undefined> {
    const [row] = await tx.rows<ConnectionRow>(
      named(
        'sliding.get',
        sql`SELECT connection, state FROM sliding_connections
             WHERE user_id = ${userId} AND device_id = ${deviceId} AND conn_id = ${conn}`,
      ),
    );
    return row;
  },

  rooms: (tx: ReadTx, connection: number): Promise<{ readonly room_nid: RoomNid; readonly told: string }[]> =>
    tx.rows(named('sliding.rooms', sql`SELECT room_nid, told FROM sliding_rooms WHERE connection = ${connection}`)),

  /** Writes many connections at once. One that has been started afresh loses the rooms that it had. */
  async put(tx: ReadTx, writes: readonly ConnectionWrite[]): Promise<void> {
    const rooms = writes.flatMap((write, i) => write.rooms.map(([nid, told]) => [i, nid, told] as const));
    await tx.rows(
      named(
        'sliding.forget',
        sql`DELETE FROM sliding_connections c
             USING unnest(${writes.map(({ userId }) => userId)}::text[], ${writes.map(({ deviceId }) => deviceId)}::text[],
                          ${writes.map(({ conn }) => conn)}::text[], ${writes.map(({ epoch }) => epoch)}::text[])
                   AS u(user_id, device_id, conn_id, epoch)
             WHERE c.user_id = u.user_id AND c.device_id = u.device_id AND c.conn_id = u.conn_id
               AND c.epoch <> u.epoch`,
      ),
    );
    await tx.rows(
      named(
        'sliding.put',
        sql`WITH given AS (
              SELECT * FROM unnest(
                       ${writes.map((_, i) => i)}::int[], ${writes.map(({ userId }) => userId)}::text[],
                       ${writes.map(({ deviceId }) => deviceId)}::text[], ${writes.map(({ conn }) => conn)}::text[],
                       ${writes.map(({ epoch }) => epoch)}::text[], ${writes.map(({ usedAt }) => usedAt)}::bigint[],
                       ${writes.map(({ state }) => state)}::text[])
                     AS u(number, user_id, device_id, conn_id, epoch, used_at, state)
              -- A session may have ended meanwhile.
              JOIN devices USING (user_id, device_id)),
            kept AS (
              INSERT INTO sliding_connections AS c (user_id, device_id, conn_id, epoch, used_at, state)
              SELECT user_id, device_id, conn_id, epoch, used_at, state FROM given
              ON CONFLICT (user_id, device_id, conn_id) DO UPDATE
                 SET epoch = EXCLUDED.epoch, used_at = EXCLUDED.used_at, state = EXCLUDED.state
              RETURNING connection, user_id, device_id, conn_id)
            INSERT INTO sliding_rooms (connection, room_nid, told)
            SELECT k.connection, r.room_nid, r.told
              FROM unnest(${rooms.map(([number]) => number)}::int[], ${rooms.map(([, nid]) => nid)}::int[],
                          ${rooms.map(([, , told]) => told)}::text[]) AS r(number, room_nid, told)
              JOIN given USING (number) JOIN kept k USING (user_id, device_id, conn_id)
            ON CONFLICT (connection, room_nid) DO UPDATE SET told = EXCLUDED.told`,
      ),
    );
  },

  /** Forgets connections that have not been used for long, and of each device those beyond what a device needs. */
  async trim(tx: ReadTx, before: number): Promise<void> {
    await tx.rows(sql`DELETE FROM sliding_connections WHERE used_at < ${before}`);
    await tx.rows(sql`
      DELETE FROM sliding_connections WHERE connection IN (
        SELECT connection FROM (
                 SELECT connection, row_number() OVER (PARTITION BY user_id, device_id ORDER BY used_at DESC) AS nth
                   FROM sliding_connections) c
         WHERE nth > ${MAX_PER_DEVICE})`);
  },
};

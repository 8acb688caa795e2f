import type { RoomAlias, RoomId, UserId } from '@holm/spec/ids';
import type { UnixMillis } from '../../platform/clock.ts';
import type { Database, ReadTx, Tx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';

export interface AliasRow {
  readonly alias: RoomAlias;
  readonly roomId: RoomId;
  readonly creator: UserId;
  readonly createdAt: UnixMillis;
}

export const aliasesStore = {
  async get(tx: ReadTx, alias: RoomAlias): Promise<AliasRow | undefined> {
    const [row] = await tx.rows<AliasRow>(
      named(
        'alias',
        sql`SELECT alias, room_id AS "roomId", creator, created_at AS "createdAt"
              FROM room_aliases WHERE alias = ${alias}`,
      ),
    );
    return row;
  },

  async of(tx: ReadTx, roomId: RoomId): Promise<RoomAlias[]> {
    const rows = await tx.rows<{ alias: RoomAlias }>(
      sql`SELECT alias FROM room_aliases WHERE room_id = ${roomId} ORDER BY alias`,
    );
    return rows.map(({ alias }) => alias);
  },

  /** False when the alias is taken. */
  async put(tx: Tx, { alias, roomId, creator, createdAt }: AliasRow): Promise<boolean> {
    const written = await tx.run(sql`
      INSERT INTO room_aliases (alias, room_id, creator, created_at)
      VALUES (${alias}, ${roomId}, ${creator}, ${createdAt})
      ON CONFLICT DO NOTHING`);
    return written > 0;
  },

  moveAll: (tx: Tx, from: RoomId, to: RoomId): Promise<number> =>
    tx.run(sql`UPDATE room_aliases SET room_id = ${to} WHERE room_id = ${from}`),

  removeOf: (db: Database, roomId: RoomId): Promise<number> =>
    db.run(sql`DELETE FROM room_aliases WHERE room_id = ${roomId}`),

  /** Of rooms that this server takes no part in, and never has. */
  removeUnmade: (db: Database, before: number): Promise<number> =>
    db.run(sql`
      WITH unmade AS (
        DELETE FROM room_aliases a WHERE created_at < ${before} AND NOT EXISTS (
          SELECT FROM rooms r JOIN room_heads h USING (room_nid) WHERE r.room_id = a.room_id)
        RETURNING room_id)
      DELETE FROM published_rooms p USING unmade u WHERE p.room_id = u.room_id`),

  /** False when there was no such alias. */
  async remove(tx: Tx, alias: RoomAlias): Promise<boolean> {
    return (await tx.run(sql`DELETE FROM room_aliases WHERE alias = ${alias}`)) > 0;
  },
};

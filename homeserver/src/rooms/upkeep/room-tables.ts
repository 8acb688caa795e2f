import type { RoomId } from '@holm/spec/ids';
import type { Database, ReadTx } from '../../storage/database.ts';
import { sql, type Sql } from '../../storage/sql.ts';
import type { RoomNid } from '../model.ts';

/** Rows that one statement removes. */
export const BATCH = 2_000;

/** What outlives a room: that it is closed, what was done to it, who has not heard yet that it is gone. */
const OUTLIVES = ['rooms', 'room_holds', 'room_jobs', 'room_departures'];

/** Tables of which a part has an index of its own for the rows of a room. */
const PARTS: Readonly<Record<string, readonly string[]>> = { events: ['ord IS NULL', 'ord IS NOT NULL'] };

/** `text` with names from the catalogue, which are no parameters. */
const plain = (text: string, values: readonly unknown[]): Sql => ({ text, values });

export const roomTables = {
  /**
   * The tables of this schema that have a column of that name, as the catalogue says: whoever adds a table of something
   * that belongs to a room has it purged with the room. `events` is the last: others are found by it.
   */
  async withColumn(tx: ReadTx, column: 'room_nid' | 'room_id'): Promise<string[]> {
    const rows = await tx.rows<{ name: string }>(sql`
      SELECT c.table_name::text AS name
        FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
       WHERE c.table_schema = current_schema() AND c.column_name = ${column} AND t.table_type = 'BASE TABLE'
       ORDER BY c.table_name = 'events', c.table_name`);
    return rows.map(({ name }) => name).filter((name) => !OUTLIVES.includes(name));
  },

  /** Removes a batch of a room's rows; resolves to how many. */
  async removeSome(db: Database, table: string, room: RoomNid): Promise<number> {
    for (const part of PARTS[table] ?? ['true']) {
      const removed = await db.run(
        plain(
          `DELETE FROM "${table}" WHERE ctid = ANY(ARRAY(
             SELECT ctid FROM "${table}" WHERE room_nid = $1 AND ${part} LIMIT ${BATCH}))`,
          [room],
        ),
      );
      if (removed > 0) return removed;
    }
    return 0;
  },

  removeNamed: (db: Database, table: string, roomId: RoomId): Promise<number> =>
    db.run(plain(`DELETE FROM "${table}" WHERE room_id = $1`, [roomId])),
};

import type { RowId } from '../../../core/state/trie-row.ts';
import type { UnixMillis } from '../../../platform/clock.ts';
import type { Database, ReadTx } from '../../../storage/database.ts';
import { named, sql } from '../../../storage/sql.ts';
import type { RoomNid, SnapshotId } from '../../model.ts';

/** A room is looked at when it has seen this many writes more than a quarter of those before. */
const FIRST_WRITES = 500;
const GROWTH = 1.25;

export interface StoredRow {
  readonly row_id: RowId;
  readonly data: Buffer;
}

/** Every column that names a state, but those of rooms' own tables that lead with another key: see the test. */
const PAGES = {
  timeline: 'SELECT ord AS at, snapshot FROM events WHERE room_nid = $1 AND ord > $2 ORDER BY ord LIMIT $3',
  log: 'SELECT position AS at, snapshot FROM room_state_log WHERE room_nid = $1 AND position > $2 ORDER BY position LIMIT $3',
} as const;

export const collectorStore = {
  /** Rooms whose condemned rows have waited long enough, then rooms that have grown. */
  waiting: (tx: ReadTx, condemnedBefore: UnixMillis, limit: number): Promise<{ room_nid: RoomNid }[]> =>
    tx.rows(sql`SELECT room_nid FROM state_collections WHERE condemned_at <= ${condemnedBefore}
                 ORDER BY condemned_at LIMIT ${limit}`),

  due: (tx: ReadTx, limit: number): Promise<{ room_nid: RoomNid; version: number }[]> =>
    tx.rows(sql`
      SELECT h.room_nid, h.version FROM room_heads h LEFT JOIN state_collections c USING (room_nid)
       WHERE c.condemned_at IS NULL AND h.version >= coalesce(c.writes, 0) * ${GROWTH}::float8 + ${FIRST_WRITES}
       ORDER BY coalesce(c.writes, 0) - h.version LIMIT ${limit}`),

  /** Whether the room has had states that were never current: without any, there is nothing to collect. */
  async hasOthers(tx: ReadTx, room: RoomNid): Promise<boolean> {
    const [row] = await tx.rows<{ others: boolean }>(sql`
      SELECT (SELECT count(*) FROM state_rows WHERE room_nid = ${room} AND hash_head IS NOT NULL) <>
             (SELECT count(DISTINCT snapshot) FROM room_state_log WHERE room_nid = ${room}) AS others`);
    return row?.others === true;
  },

  looked: (db: Database, room: RoomNid, writes: number, condemnedAt: UnixMillis | undefined): Promise<number> =>
    db.run(sql`
      INSERT INTO state_collections (room_nid, writes, condemned_at) VALUES (${room}, ${writes}, ${condemnedAt ?? null})
      ON CONFLICT (room_nid) DO UPDATE SET writes = EXCLUDED.writes, condemned_at = EXCLUDED.condemned_at`),

  over: (db: Database, room: RoomNid): Promise<number> =>
    db.run(sql`UPDATE state_collections SET condemned_at = NULL WHERE room_nid = ${room}`),

  rowIds: (tx: ReadTx, room: RoomNid): Promise<{ row_id: RowId }[]> =>
    tx.rows(named('collect.ids', sql`SELECT row_id FROM state_rows WHERE room_nid = ${room} ORDER BY row_id`)),

  rows: (tx: ReadTx, ids: readonly RowId[]): Promise<StoredRow[]> =>
    tx.rows(named('collect.rows', sql`SELECT row_id, data FROM state_rows WHERE row_id = ANY(${ids}::bigint[])`)),

  /** States that are named by events of the timeline, or by the log, a page at a time. */
  page: (
    tx: ReadTx,
    source: keyof typeof PAGES,
    { room, after, limit }: { readonly room: RoomNid; readonly after: number; readonly limit: number },
  ): Promise<{ at: number; snapshot: SnapshotId | null }[]> =>
    tx.rows(named(`collect.${source}`, { text: PAGES[source], values: [room, after, limit] })),

  /** States that are named by anything else. */
  async otherRoots(tx: ReadTx, room: RoomNid): Promise<SnapshotId[]> {
    const rows = await tx.rows<{ snapshot: SnapshotId }>(
      named(
        'collect.roots',
        sql`SELECT snapshot FROM room_heads WHERE room_nid = ${room}
             UNION
            SELECT snapshot FROM events WHERE room_nid = ${room} AND ord IS NULL AND snapshot IS NOT NULL`,
      ),
    );
    return rows.map(({ snapshot }) => snapshot);
  },

  /** Snapshots that can still be found by their hash. */
  async findable(tx: ReadTx, room: RoomNid): Promise<SnapshotId[]> {
    const rows = await tx.rows<{ row_id: SnapshotId }>(
      named(
        'collect.findable',
        sql`SELECT row_id FROM state_rows r WHERE room_nid = ${room} AND hash_head IS NOT NULL
               AND NOT EXISTS (SELECT FROM state_garbage g WHERE g.row_id = r.row_id)`,
      ),
    );
    return rows.map(({ row_id }) => row_id);
  },

  async condemned(tx: ReadTx, room: RoomNid): Promise<RowId[]> {
    const rows = await tx.rows<{ row_id: RowId }>(
      named('collect.condemned', sql`SELECT row_id FROM state_garbage WHERE room_nid = ${room}`),
    );
    return rows.map(({ row_id }) => row_id);
  },

  condemn: (db: Database, ids: readonly RowId[]): Promise<number> =>
    db.run(
      named(
        'collect.condemn',
        sql`INSERT INTO state_garbage (row_id, room_nid)
            SELECT row_id, room_nid FROM state_rows WHERE row_id = ANY(${ids}::bigint[]) ON CONFLICT DO NOTHING`,
      ),
    ),

  reprieve: (db: Database, ids: readonly RowId[]): Promise<number> =>
    db.run(named('collect.reprieve', sql`DELETE FROM state_garbage WHERE row_id = ANY(${ids}::bigint[])`)),

  /** Resolves to the number of bytes in each row that is gone. */
  async remove(db: Database, ids: readonly RowId[]): Promise<number[]> {
    const rows = await db.rows<{ bytes: number }>(
      named(
        'collect.remove',
        sql`DELETE FROM state_rows WHERE row_id = ANY(${ids}::bigint[]) RETURNING pg_column_size(state_rows.*) AS bytes`,
      ),
    );
    return rows.map(({ bytes }) => bytes);
  },
};

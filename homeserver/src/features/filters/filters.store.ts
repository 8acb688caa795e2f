import type { UserId } from '@holm/spec/ids';
import type { FilterDefinition } from '../../core/filters/filter.ts';
import type { Database, ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';

export const filtersStore = {
  async get(tx: ReadTx, userId: UserId, filterId: number): Promise<FilterDefinition | undefined> {
    const [row] = await tx.rows<{ definition: FilterDefinition }>(
      named('filter', sql`SELECT definition FROM filters WHERE user_id = ${userId} AND filter_id = ${filterId}`),
    );
    return row?.definition;
  },

  async byHash(tx: ReadTx, userId: UserId, hash: Buffer): Promise<number | undefined> {
    const [row] = await tx.rows<{ filter_id: number }>(
      sql`SELECT filter_id FROM filters WHERE user_id = ${userId} AND hash = ${hash}`,
    );
    return row?.filter_id;
  },

  async count(tx: ReadTx, userId: UserId): Promise<number> {
    const [row] = await tx.rows<{ count: number }>(sql`SELECT count(*) FROM filters WHERE user_id = ${userId}`);
    return row?.count ?? 0;
  },

  /** Undefined when an equal one was written meanwhile. */
  async put(db: Database, userId: UserId, hash: Buffer, definition: string): Promise<number | undefined> {
    const [row] = await db.rows<{ filter_id: number }>(sql`
      INSERT INTO filters (user_id, hash, definition) VALUES (${userId}, ${hash}, ${definition})
      ON CONFLICT DO NOTHING RETURNING filter_id`);
    return row?.filter_id;
  },
};

import type { UserId } from '@holm/spec/ids';
import type { ReadTx, Tx } from '../../storage/database.ts';
import { sql } from '../../storage/sql.ts';

export interface Usage {
  readonly bytes: number;
  readonly files: number;
}

/** How much each user keeps here. */
export const usageStore = {
  async get(tx: ReadTx, user: UserId): Promise<Usage> {
    const [row] = await tx.rows<Usage>(sql`SELECT bytes, files FROM media_usage WHERE user_id = ${user}`);
    return row ?? { bytes: 0, files: 0 };
  },

  /** False where that would be more than the quota; 0 is none. */
  async add(tx: Tx, user: UserId, { bytes, quota }: { bytes: number; quota: number }): Promise<boolean> {
    if (quota > 0 && bytes > quota) return false;
    const rows = await tx.run(sql`
      INSERT INTO media_usage AS u (user_id, bytes, files) VALUES (${user}, ${bytes}, 1)
      ON CONFLICT (user_id) DO UPDATE SET bytes = u.bytes + EXCLUDED.bytes, files = u.files + 1
        WHERE ${quota}::bigint = 0 OR u.bytes + EXCLUDED.bytes <= ${quota}::bigint`);
    return rows > 0;
  },

  async subtract(tx: Tx, user: UserId, { bytes, files }: Usage): Promise<void> {
    await tx.run(sql`
      UPDATE media_usage SET bytes = greatest(0, bytes - ${bytes}), files = greatest(0, files - ${files})
       WHERE user_id = ${user}`);
  },
};

import type { UnixMillis } from '../../platform/clock.ts';
import type { ReadTx, Tx } from '../../storage/database.ts';
import { sql } from '../../storage/sql.ts';

/** The contents that lie in the media folder. */
export const filesStore = {
  /** Also keeps the row from being removed until the transaction is over. */
  async put(tx: Tx, { hash, size }: { hash: Buffer; size: number }, now: UnixMillis): Promise<void> {
    await tx.run(sql`
      INSERT INTO media_files (hash, size, stored_at) VALUES (${hash}, ${size}, ${now})
      ON CONFLICT (hash) DO UPDATE SET stored_at = EXCLUDED.stored_at`);
  },

  /** To be looked at later, for something does not refer to them any more. */
  async loosen(tx: Tx, hashes: readonly Buffer[], now: UnixMillis): Promise<void> {
    if (hashes.length === 0) return;
    await tx.run(sql`
      INSERT INTO media_loose (hash, since) SELECT DISTINCT hash, ${now}::bigint FROM unnest(${hashes}::bytea[]) AS hash
      ON CONFLICT (hash) DO NOTHING`);
  },

  async loose(db: ReadTx, limit: number): Promise<Buffer[]> {
    const rows = await db.rows<{ hash: Buffer }>(sql`SELECT hash FROM media_loose ORDER BY since LIMIT ${limit}`);
    return rows.map(({ hash }) => hash);
  },

  /**
   * Removes a content that nothing refers to, and loosens what was made from it. True: the file has to go, before the
   * transaction ends. What is in quarantine stays known.
   */
  async removeIfUnused(tx: Tx, hash: Buffer, now: UnixMillis): Promise<boolean> {
    await tx.run(sql`DELETE FROM media_loose WHERE hash = ${hash}`);
    // Whoever stores the same content again waits for this row, and writes the file after we have removed it.
    const locked = await tx.rows(sql`
      SELECT FROM media_files WHERE hash = ${hash} AND hold IS DISTINCT FROM 'quarantined' FOR UPDATE`);
    if (locked.length === 0) return false;
    const used = await tx.rows(sql`
      SELECT WHERE EXISTS (SELECT FROM media WHERE hash = ${hash})
                OR EXISTS (SELECT FROM media_thumbnails WHERE thumbnail = ${hash})`);
    if (used.length > 0) return false;
    const made = await tx.rows<{ thumbnail: Buffer }>(sql`
      SELECT thumbnail FROM media_thumbnails WHERE hash = ${hash} AND thumbnail IS NOT NULL`);
    await filesStore.loosen(tx, made.map(({ thumbnail }) => thumbnail), now); // prettier-ignore
    await tx.run(sql`DELETE FROM media_files WHERE hash = ${hash}`);
    return true;
  },
};

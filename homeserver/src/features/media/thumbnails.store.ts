import type { UnixMillis } from '../../platform/clock.ts';
import type { ReadTx, Tx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import { filesStore } from './files.store.ts';

/** What a file looks like in one size. */
export interface ThumbnailRow {
  /** Null: the file itself is small enough. */
  readonly thumbnail: Buffer | null;
  readonly size: number;
  readonly contentType: string;
}

/** Of each file. Whoever asks for more takes the place of the oldest. */
const MAX_VARIANTS = 40;

export const thumbnailsStore = {
  async get(db: ReadTx, hash: Buffer, variant: string): Promise<ThumbnailRow | undefined> {
    const [row] = await db.rows<ThumbnailRow>(
      named(
        'media.thumbnail',
        sql`
      SELECT t.thumbnail, coalesce(f.size, 0) AS size, t.content_type AS "contentType"
        FROM media_thumbnails t LEFT JOIN media_files f ON f.hash = t.thumbnail
       WHERE t.hash = ${hash} AND t.variant = ${variant}`,
      ),
    );
    return row;
  },

  /** False where the file is gone. */
  async put(
    tx: Tx,
    { hash, variant }: { readonly hash: Buffer; readonly variant: string },
    { thumbnail, contentType }: { readonly thumbnail: Buffer | null; readonly contentType: string },
    now: UnixMillis,
  ): Promise<boolean> {
    const rows = await tx.run(sql`
      INSERT INTO media_thumbnails (hash, variant, thumbnail, content_type, made_at)
      SELECT hash, ${variant}, ${thumbnail}::bytea, ${contentType}, ${now}::bigint FROM media_files WHERE hash = ${hash}
      ON CONFLICT (hash, variant) DO UPDATE
        SET thumbnail = EXCLUDED.thumbnail, content_type = EXCLUDED.content_type, made_at = EXCLUDED.made_at`);
    const dropped = await tx.rows<{ thumbnail: Buffer | null }>(sql`
      DELETE FROM media_thumbnails WHERE hash = ${hash} AND variant IN (
        SELECT variant FROM media_thumbnails WHERE hash = ${hash} ORDER BY made_at DESC OFFSET ${MAX_VARIANTS})
      RETURNING thumbnail`);
    await filesStore.loosen(
      tx,
      dropped.flatMap(({ thumbnail: old }) => old ?? []),
      now,
    );
    return rows > 0;
  },
};

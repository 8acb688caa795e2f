import type { ServerName, UserId } from '@holm/spec/ids';
import type { Mxc } from '@holm/spec/media';
import type { UnixMillis } from '../../platform/clock.ts';
import type { Database, ReadTx, Tx } from '../../storage/database.ts';
import { named, type Sql, sql } from '../../storage/sql.ts';

/** What an address leads to. */
export interface MediaRow {
  readonly serverName: ServerName;
  readonly mediaId: string;
  /** Null while it is announced only. */
  readonly hash: Buffer | null;
  readonly size: number;
  readonly contentType: string;
  readonly filename: string | null;
  readonly uploader: UserId | null;
  readonly createdAt: UnixMillis;
  readonly usedAt: UnixMillis;
  readonly expiresAt: UnixMillis | null;
  readonly isOpen: boolean;
  readonly hold: 'quarantined' | 'protected' | null;
}

export interface NewMedia extends Mxc {
  readonly hash: Buffer | undefined;
  readonly contentType: string;
  readonly filename: string | undefined;
  readonly uploader: UserId | undefined;
  readonly now: UnixMillis;
  readonly expiresAt?: UnixMillis;
  readonly isOpen: boolean;
}

export const mediaStore = {
  async get(db: ReadTx, { serverName, mediaId }: Mxc): Promise<MediaRow | undefined> {
    const [row] = await db.rows<MediaRow>(
      named(
        'media.get',
        sql`
      SELECT m.origin AS "serverName", m.media_id AS "mediaId", m.hash, coalesce(f.size, 0) AS size,
             m.content_type AS "contentType", m.filename, m.uploader, m.created_at AS "createdAt",
             m.used_at AS "usedAt", m.expires_at AS "expiresAt", m.is_open AS "isOpen", f.hold
        FROM media m LEFT JOIN media_files f USING (hash)
       WHERE m.origin = ${serverName} AND m.media_id = ${mediaId}`,
      ),
    );
    return row;
  },

  /** What is known of an address of another server gives way to what was fetched again. */
  async put(tx: Tx, media: NewMedia): Promise<void> {
    const { serverName, mediaId, hash, contentType, filename, uploader, now, isOpen } = media;
    await tx.run(sql`
      INSERT INTO media (origin, media_id, hash, content_type, filename, uploader, created_at, used_at, expires_at, is_open)
      VALUES (${serverName}, ${mediaId}, ${hash ?? null}, ${contentType}, ${filename ?? null}, ${uploader ?? null}, ${now}, ${now},
              ${media.expiresAt ?? null}, ${isOpen})
      ON CONFLICT (origin, media_id) DO UPDATE
        SET hash = EXCLUDED.hash, content_type = EXCLUDED.content_type, filename = EXCLUDED.filename,
            created_at = EXCLUDED.created_at, used_at = EXCLUDED.used_at, is_open = EXCLUDED.is_open
        WHERE media.uploader IS NULL`);
  },

  /** Gives an announced address its content. False where it has one, or time is up. */
  async fill(tx: Tx, { serverName, mediaId, hash, contentType, filename, now, isOpen }: NewMedia): Promise<boolean> {
    const rows = await tx.run(sql`
      UPDATE media SET hash = ${hash ?? null}, content_type = ${contentType}, filename = ${filename ?? null},
             created_at = ${now}, used_at = ${now}, expires_at = NULL, is_open = ${isOpen}
       WHERE origin = ${serverName} AND media_id = ${mediaId} AND hash IS NULL AND expires_at > ${now}`);
    return rows > 0;
  },

  /** Takes note that somebody looked at it. */
  async used(db: Database, { serverName, mediaId }: Mxc, now: UnixMillis): Promise<void> {
    await db.run(sql`
      UPDATE media SET used_at = ${now} WHERE origin = ${serverName} AND media_id = ${mediaId} AND used_at < ${now}`);
  },

  async remove(db: Database, { serverName, mediaId }: Mxc): Promise<void> {
    await db.run(sql`DELETE FROM media WHERE origin = ${serverName} AND media_id = ${mediaId}`);
  },

  async announced(tx: ReadTx, user: UserId, now: UnixMillis): Promise<number> {
    const [row] = await tx.rows<{ count: number }>(sql`
      SELECT count(*)::int AS count FROM media
       WHERE uploader = ${user} AND hash IS NULL AND expires_at > ${now}`);
    return row?.count ?? 0;
  },

  /** Nobody here has sent these: they are of other servers, or found. Both give the contents that lost an address. */
  removeRemoteUnused: (tx: Tx, since: UnixMillis): Promise<Buffer[]> =>
    removed(tx, sql`
      DELETE FROM media m USING media_files f
       WHERE f.hash = m.hash AND m.uploader IS NULL AND m.used_at < ${since}
         AND f.hold IS DISTINCT FROM 'protected'
      RETURNING m.hash`), // prettier-ignore

  /** Those that were used last are kept, as many as have room. */
  removeRemoteBeyond: (tx: Tx, maxBytes: number): Promise<Buffer[]> =>
    removed(tx, sql`
      DELETE FROM media m USING (
        SELECT r.origin, r.media_id, sum(f.size) OVER (ORDER BY r.used_at DESC, r.origin, r.media_id) AS up_to
          FROM media r JOIN media_files f USING (hash)
         WHERE r.uploader IS NULL AND f.hold IS DISTINCT FROM 'protected') AS o
       WHERE o.up_to > ${maxBytes} AND m.origin = o.origin AND m.media_id = o.media_id
      RETURNING m.hash`), // prettier-ignore

  removeExpired: (db: Database, now: UnixMillis): Promise<number> =>
    db.run(sql`DELETE FROM media WHERE hash IS NULL AND expires_at <= ${now}`),
};

const removed = async (tx: Tx, statement: Sql): Promise<Buffer[]> =>
  (await tx.rows<{ hash: Buffer }>(statement)).map(({ hash }) => hash);

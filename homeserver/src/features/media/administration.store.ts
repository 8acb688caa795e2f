import type { RoomId, UserId } from '@holm/spec/ids';
import type { Mxc } from '@holm/spec/media';
import type { UnixMillis } from '../../platform/clock.ts';
import type { ReadTx, Tx } from '../../storage/database.ts';
import { type Sql, sql } from '../../storage/sql.ts';
import type { MediaRow } from './media.store.ts';

export type HoldKind = NonNullable<MediaRow['hold']>;

/** A file with all that an administrator may know of it. */
export interface ListedMedia extends MediaRow {
  readonly heldBy: UserId | null;
  readonly heldAt: UnixMillis | null;
}

/** Where a page of a user's files ends. */
export interface Place {
  readonly createdAt: number;
  readonly mediaId: string;
}

export interface Removed {
  readonly hash: Buffer | null;
  readonly size: number;
  readonly uploader: UserId | null;
}

const listed = (rest: Sql): Sql => ({
  text: `
      SELECT m.origin AS "serverName", m.media_id AS "mediaId", m.hash, coalesce(f.size, 0) AS size,
             m.content_type AS "contentType", m.filename, m.uploader, m.created_at AS "createdAt", m.used_at AS "usedAt",
             m.expires_at AS "expiresAt", m.is_open AS "isOpen", f.hold, f.held_by AS "heldBy", f.held_at AS "heldAt"
        FROM media m LEFT JOIN media_files f USING (hash) ${rest.text}`,
  values: rest.values,
});

/** What administrators see of files and do with them. */
export const mediaAdministrationStore = {
  async get(tx: ReadTx, { serverName, mediaId }: Mxc): Promise<ListedMedia | undefined> {
    const [row] = await tx.rows<ListedMedia>(listed(sql`WHERE m.origin = ${serverName} AND m.media_id = ${mediaId}`));
    return row;
  },

  ofUser: (
    tx: ReadTx,
    user: UserId,
    { from, limit }: { from: Place | undefined; limit: number },
  ): Promise<ListedMedia[]> =>
    tx.rows(
      listed(sql`
        WHERE m.uploader = ${user}
          AND (${from?.createdAt ?? null}::bigint IS NULL
               OR m.created_at < ${from?.createdAt ?? null}
               OR (m.created_at = ${from?.createdAt ?? null} AND m.media_id > ${from?.mediaId ?? ''}))
        ORDER BY m.created_at DESC, m.media_id LIMIT ${limit}`),
    ),

  remove: (tx: Tx, { serverName, mediaId }: Mxc): Promise<Removed[]> =>
    tx.rows(sql`
      DELETE FROM media m WHERE m.origin = ${serverName} AND m.media_id = ${mediaId}
      RETURNING m.hash, m.uploader, coalesce((SELECT size FROM media_files f WHERE f.hash = m.hash), 0) AS size`),

  /** At most so many at a time. */
  removeOfUser: (tx: Tx, user: UserId, { before, limit }: { before: number; limit: number }): Promise<Removed[]> =>
    tx.rows(sql`
      DELETE FROM media m USING (
        SELECT o.origin, o.media_id, coalesce(f.size, 0) AS size FROM media o LEFT JOIN media_files f USING (hash)
         WHERE o.uploader = ${user} AND o.created_at < ${before} AND f.hold IS DISTINCT FROM 'protected'
         LIMIT ${limit}) AS d
       WHERE m.origin = d.origin AND m.media_id = d.media_id
      RETURNING m.hash, m.uploader, d.size`),

  hold: (
    tx: Tx,
    hash: Buffer,
    { kind, by, now }: { kind: HoldKind | null; by: UserId; now: UnixMillis },
  ): Promise<number> =>
    tx.run(sql`
      UPDATE media_files SET hold = ${kind}, held_by = ${kind && by}, held_at = ${kind && now} WHERE hash = ${hash}`),

  quarantineOfUser: (tx: Tx, user: UserId, { by, now }: { by: UserId; now: UnixMillis }): Promise<number> =>
    tx.run(sql`
      UPDATE media_files f SET hold = 'quarantined', held_by = ${by}, held_at = ${now}
       WHERE f.hold IS NULL AND f.hash IN (SELECT hash FROM media WHERE uploader = ${user})`),

  quarantine: (tx: Tx, files: readonly Mxc[], { by, now }: { by: UserId; now: UnixMillis }): Promise<number> =>
    tx.run(sql`
      UPDATE media_files f SET hold = 'quarantined', held_by = ${by}, held_at = ${now}
       WHERE f.hold IS NULL AND f.hash IN (
         SELECT m.hash FROM media m
           JOIN unnest(${files.map(({ serverName }) => serverName)}::text[], ${files.map(({ mediaId }) => mediaId)}::text[])
             AS w (origin, media_id) ON m.origin = w.origin AND m.media_id = w.media_id)`),

  /** Events of a stretch of a room's timeline that name files, and where it ends; members' pictures are their own. */
  async named(tx: ReadTx, roomId: RoomId, { from, limit }: { from: number | undefined; limit: number }) {
    const rows = await tx.rows<{ ord: number; json: string | null }>(sql`
      SELECT e.ord, CASE WHEN strpos(e.json, 'mxc://') > 0 AND k.type IS DISTINCT FROM 'm.room.member' THEN e.json END AS json
        FROM events e LEFT JOIN room_state_keys k ON k.room_nid = e.room_nid AND k.key_number = e.key_number
       WHERE e.room_nid = (SELECT room_nid FROM rooms WHERE room_id = ${roomId})
         AND e.ord > ${from ?? Number.MIN_SAFE_INTEGER}
       ORDER BY e.ord LIMIT ${limit}`);
    return {
      events: rows.flatMap(({ json }) => json ?? []),
      next: rows.length === limit ? rows.at(-1)?.ord : undefined,
    };
  },
};

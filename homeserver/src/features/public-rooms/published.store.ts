import type { RoomId, UserId } from '@holm/spec/ids';
import type { UnixMillis } from '../../platform/clock.ts';
import type { RoomNid, SnapshotId } from '../../rooms/model.ts';
import type { ReadTx, Tx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { From, Place } from './page-token.ts';

/** The server's own list, as opposed to that of a bridged network. */
export const OWN_NETWORK = '';

/** What a published room is found and ordered by. */
export interface Listing {
  readonly roomId: RoomId;
  readonly snapshot: SnapshotId;
  readonly joined: number;
  readonly isShown: boolean;
  readonly roomType: string | undefined;
  readonly words: string;
}

export interface Listed extends Place {
  readonly nid: RoomNid;
}

export interface Wanted {
  /** Absent for all. */
  readonly network: string | undefined;
  /** Folded; empty for all. */
  readonly term: string;
  /** The empty string is for rooms without a type. Absent for all. */
  readonly types: readonly string[] | undefined;
}

export interface Span extends From {
  readonly limit: number;
}

/** How many stale rows are brought up to date at a time. */
const BATCH = 500;

export const publishedStore = {
  async isPublished(tx: ReadTx, roomId: RoomId): Promise<boolean> {
    const rows = await tx.rows(sql`SELECT FROM published_rooms WHERE room_id = ${roomId} AND network = ${OWN_NETWORK}`);
    return rows.length > 0;
  },

  async publish(tx: ReadTx, roomId: RoomId, by: UserId, at: UnixMillis): Promise<void> {
    await tx.rows(sql`
      INSERT INTO published_rooms (room_id, network, published_by, published_at)
      VALUES (${roomId}, ${OWN_NETWORK}, ${by}, ${at}) ON CONFLICT DO NOTHING`);
  },

  async withdraw(tx: ReadTx, roomId: RoomId): Promise<void> {
    await tx.rows(sql`DELETE FROM published_rooms WHERE room_id = ${roomId} AND network = ${OWN_NETWORK}`);
  },

  /** One room takes the place of another on every list that it is on. */
  async replace(tx: Tx, from: RoomId, to: RoomId): Promise<void> {
    await tx.run(sql`
      INSERT INTO published_rooms (room_id, network, published_by, published_at)
      SELECT ${to}, network, published_by, published_at FROM published_rooms WHERE room_id = ${from}
      ON CONFLICT DO NOTHING`);
    await tx.run(sql`DELETE FROM published_rooms WHERE room_id = ${from}`);
  },

  /** Published rooms of which another state is current than their row tells of. */
  async stale(tx: ReadTx): Promise<RoomNid[]> {
    const rows = await tx.rows<{ room_nid: RoomNid }>(
      named(
        'published.stale',
        sql`SELECT h.room_nid
              FROM (SELECT DISTINCT room_id FROM published_rooms) p
              JOIN rooms r USING (room_id) JOIN room_heads h USING (room_nid)
              LEFT JOIN room_listings l USING (room_id)
             WHERE l.snapshot IS DISTINCT FROM h.snapshot LIMIT ${BATCH}`,
      ),
    );
    return rows.map(({ room_nid }) => room_nid);
  },

  async put(tx: ReadTx, rows: readonly Listing[]): Promise<void> {
    await tx.rows(
      named(
        'published.put',
        sql`INSERT INTO room_listings (room_id, snapshot, joined, is_shown, room_type, words)
            SELECT * FROM unnest(
              ${rows.map(({ roomId }) => roomId)}::text[], ${rows.map(({ snapshot }) => snapshot)}::bigint[],
              ${rows.map(({ joined }) => joined)}::int[], ${rows.map(({ isShown }) => isShown)}::boolean[],
              ${rows.map(({ roomType }) => roomType ?? null)}::text[], ${rows.map(({ words }) => words)}::text[])
            ON CONFLICT (room_id) DO UPDATE
               SET snapshot = EXCLUDED.snapshot, joined = EXCLUDED.joined, is_shown = EXCLUDED.is_shown,
                   room_type = EXCLUDED.room_type, words = EXCLUDED.words`,
      ),
    );
  },

  /** Has a room's row made again, although the state is the same: what an event says has been taken back. */
  outdate: (tx: ReadTx, roomId: RoomId): Promise<unknown> =>
    tx.rows(named('published.outdate', sql`UPDATE room_listings SET snapshot = -1 WHERE room_id = ${roomId}`)),

  /** The largest first, when going forward. */
  page: (tx: ReadTx, wanted: Wanted, { direction, after, limit }: Span): Promise<Listed[]> =>
    tx.rows({
      ...PAGES[direction],
      values: [...valuesOf(wanted), after?.joined ?? null, after?.roomId ?? null, limit],
    }),

  async count(tx: ReadTx, wanted: Wanted): Promise<number> {
    const text = `SELECT count(*)::int AS count ${MATCHING}`;
    const [row] = await tx.rows<{ count: number }>({ name: 'published.count', text, values: valuesOf(wanted) });
    return row?.count ?? 0;
  },
};

/** What is not wanted is NULL. */
const valuesOf = ({ network, term, types }: Wanted): unknown[] => [network ?? null, term, types ?? null];

/** The rooms that are wanted, by `valuesOf`. */
const MATCHING = `
  FROM room_listings l JOIN rooms r USING (room_id) JOIN room_heads h USING (room_nid)
 WHERE l.is_shown AND strpos(l.words, $2) > 0
   AND ($3::text[] IS NULL OR coalesce(l.room_type, '') = ANY($3::text[]))
   AND EXISTS (SELECT FROM published_rooms p WHERE p.room_id = l.room_id AND ($1::text IS NULL OR p.network = $1))
   AND NOT EXISTS (SELECT FROM room_holds x WHERE x.room_id = l.room_id)`;

const PAGE = `SELECT l.room_id AS "roomId", r.room_nid AS nid, l.joined ${MATCHING}`;

const PAGES: Readonly<Record<Span['direction'], { readonly name: string; readonly text: string }>> = {
  forward: {
    name: 'published.page',
    text: `${PAGE} AND ($4::int IS NULL OR l.joined < $4 OR (l.joined = $4 AND l.room_id > $5))
           ORDER BY l.joined DESC, l.room_id LIMIT $6`,
  },
  back: {
    name: 'published.page_back',
    text: `${PAGE} AND ($4::int IS NULL OR l.joined > $4 OR (l.joined = $4 AND l.room_id < $5))
           ORDER BY l.joined, l.room_id DESC LIMIT $6`,
  },
};

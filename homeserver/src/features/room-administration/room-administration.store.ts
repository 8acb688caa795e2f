import type { EventId, RoomAlias, RoomId, ServerName } from '@holm/spec/ids';
import type { RoomNid } from '../../rooms/model.ts';
import { wellKnownKey } from '../../rooms/state/well-known-keys.ts';
import type { ReadTx } from '../../storage/database.ts';
import { sql } from '../../storage/sql.ts';

export interface RoomListing {
  readonly nid: RoomNid;
  readonly roomId: RoomId;
  readonly version: string;
  readonly isKnown: boolean;
  readonly extremities: number;
  /** The event that names the room, as it is stored. */
  readonly nameEvent: string | null;
}

export interface Counts {
  readonly joined: number;
  readonly local: number;
}

export interface Size {
  readonly events: number;
  readonly bytes: number;
  readonly state: number;
  readonly servers: number;
}

const NAME = wellKnownKey(['m.room.name', '']) ?? -1;

const LISTING = `
  SELECT r.room_nid AS nid, r.room_id AS "roomId", r.version, h.room_nid IS NOT NULL AS "isKnown",
         coalesce(cardinality(h.extremities), 0) AS extremities, n.json AS "nameEvent"
    FROM rooms r
    LEFT JOIN room_heads h USING (room_nid)
    LEFT JOIN LATERAL (
      SELECT e.json FROM current_state c JOIN events e ON e.event_nid = c.event_nid
       WHERE c.room_nid = r.room_nid AND c.key_number = ${NAME}) n ON true`;

const FOUND = `strpos(lower(r.room_id), lower($3)) > 0 OR strpos(lower(n.json), lower($3)) > 0
  OR EXISTS (SELECT FROM room_aliases a WHERE a.room_id = r.room_id AND strpos(lower(a.alias), lower($3)) > 0)`;

export const roomAdministrationStore = {
  list: (
    tx: ReadTx,
    { from, limit, search }: { from: number; limit: number; search?: string },
  ): Promise<RoomListing[]> =>
    tx.rows({
      text: `${LISTING} WHERE r.room_nid > $1 ${search === undefined ? '' : `AND (${FOUND})`} ORDER BY r.room_nid LIMIT $2`,
      values: [from, limit, ...(search === undefined ? [] : [search])],
    }),

  async one(tx: ReadTx, roomId: RoomId): Promise<RoomListing | undefined> {
    const [listing] = await tx.rows<RoomListing>({ text: `${LISTING} WHERE r.room_id = $1`, values: [roomId] });
    return listing;
  },

  async counts(tx: ReadTx, rooms: readonly RoomNid[], us: ServerName): Promise<Map<RoomNid, Counts>> {
    const rows = await tx.rows<Counts & { nid: RoomNid }>(sql`
      SELECT room_nid AS nid, count(*)::int AS joined, (count(*) FILTER (WHERE server = ${us}))::int AS local
        FROM memberships WHERE room_nid = ANY(${rooms}::int[]) AND membership = 'join' GROUP BY room_nid`);
    return new Map(rows.map(({ nid, ...counts }) => [nid, counts]));
  },

  async size(tx: ReadTx, room: RoomNid): Promise<Size> {
    const [size] = await tx.rows<Size>(sql`
      SELECT e.events, e.bytes,
             (SELECT count(*)::int FROM current_state WHERE room_nid = ${room}) AS state,
             (SELECT count(DISTINCT server)::int FROM memberships
               WHERE room_nid = ${room} AND membership = 'join') AS servers
        FROM (SELECT count(*)::bigint AS events, coalesce(sum(bytes), 0)::bigint AS bytes FROM (
                SELECT pg_column_size(json) AS bytes FROM events WHERE room_nid = ${room} AND ord IS NOT NULL
                 UNION ALL
                SELECT pg_column_size(json) FROM events WHERE room_nid = ${room} AND ord IS NULL) AS sizes) AS e`);
    return size ?? { events: 0, bytes: 0, state: 0, servers: 0 };
  },

  async aliases(tx: ReadTx, roomId: RoomId): Promise<RoomAlias[]> {
    const rows = await tx.rows<{ alias: RoomAlias }>(
      sql`SELECT alias FROM room_aliases WHERE room_id = ${roomId} ORDER BY alias`,
    );
    return rows.map(({ alias }) => alias);
  },

  async place(tx: ReadTx, room: RoomNid, event: EventId): Promise<number | undefined> {
    const [row] = await tx.rows<{ ord: number }>(
      sql`SELECT ord FROM events WHERE event_id = ${event} AND room_nid = ${room} AND ord IS NOT NULL`,
    );
    return row?.ord;
  },
};

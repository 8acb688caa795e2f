import type { EventId } from '@holm/spec/ids';
import { byPlace } from '../storage/by-place.ts';
import type { ReadTx } from '../storage/database.ts';
import { named, sql } from '../storage/sql.ts';
import type { Position } from '../streams/stream.ts';
import type { EventNid, EventStatus, KeyNumber, RoomNid, SnapshotId } from './model.ts';

export interface EventRow {
  readonly event_nid: EventNid;
  readonly room_nid: RoomNid;
  readonly event_id: EventId;
  readonly ord: number | null;
  readonly position: number | null;
  readonly snapshot: SnapshotId | null;
  readonly key_number: KeyNumber | null;
  readonly auth_number: number | null;
  readonly replaces: EventNid | null;
  readonly status: number;
  readonly redacted_by: EventNid | null;
  readonly json: string;
}

/** The end of a room's timeline before a place. */
export interface PageBefore {
  readonly room: RoomNid;
  /** Exclusive. */
  readonly from: number;
  readonly limit: number;
}

/** As numbered in the table; append, never reorder. */
export const EVENT_STATUSES: readonly EventStatus[] = ['accepted', 'soft-failed', 'rejected', 'withheld'];

/** Of `events e`, in any order. */
export const EVENT_COLUMNS = `e.event_nid, e.room_nid, e.event_id, e.ord, e.position, e.snapshot, e.key_number, e.auth_number,
  e.replaces, e.status, e.redacted_by, e.json`;

/** `rest` is what follows the column list; its parameters are `values`. */
const rowsOf = (tx: ReadTx, name: string, rest: string, values: readonly unknown[]): Promise<EventRow[]> =>
  tx.rows(named(name, { text: `SELECT ${EVENT_COLUMNS} ${rest}`, values }));

export const eventsStore = {
  byNid: (tx: ReadTx, nids: readonly EventNid[]): Promise<EventRow[]> =>
    rowsOf(tx, 'events.by_nid', 'FROM events e WHERE event_nid = ANY($1::bigint[])', [nids]),

  byId: (tx: ReadTx, ids: readonly EventId[]): Promise<EventRow[]> =>
    rowsOf(tx, 'events.by_id', 'FROM events e WHERE event_id = ANY($1::text[])', [ids]),

  /** Rooms' timelines downwards from `from` (exclusive), newest first. */
  async beforeEach(tx: ReadTx, pages: readonly PageBefore[]): Promise<Map<PageBefore, EventRow[]>> {
    const rows = await tx.rows<EventRow & { readonly n: number }>(
      named('events.before_each', {
        text: `SELECT k.n, ${EVENT_COLUMNS}
            FROM unnest($1::int[], $2::bigint[], $3::int[]) WITH ORDINALITY AS k(room_nid, before, "limit", n)
           CROSS JOIN LATERAL (
             SELECT * FROM events WHERE room_nid = k.room_nid AND ord < k.before ORDER BY ord DESC LIMIT k."limit") e
           ORDER BY k.n, e.ord DESC`,
        values: [pages.map(({ room }) => room), pages.map(({ from }) => from), pages.map(({ limit }) => limit)],
      }),
    );
    return byPlace(pages, rows);
  },

  /** A room's timeline upwards from `after` (exclusive), oldest first. */
  after: (tx: ReadTx, room: RoomNid, after: number, limit: number): Promise<EventRow[]> =>
    rowsOf(tx, 'events.after', 'FROM events e WHERE room_nid = $1 AND ord > $2 ORDER BY ord LIMIT $3', [
      room,
      after,
      limit,
    ]),

  /** The newest `limit` events of each of many rooms. */
  newest: (tx: ReadTx, rooms: readonly RoomNid[], limit: number): Promise<EventRow[]> =>
    rowsOf(
      tx,
      'events.newest',
      `FROM unnest($1::int[]) AS r(room_nid)
       CROSS JOIN LATERAL (
         SELECT * FROM events WHERE room_nid = r.room_nid AND ord IS NOT NULL ORDER BY ord DESC LIMIT $2) e`,
      [rooms, limit],
    ),

  /** The last event of a room's timeline that had happened at a position of the stream. */
  async lastOrdAt(tx: ReadTx, room: RoomNid, position: Position): Promise<number | undefined> {
    const [row] = await tx.rows<{ ord: number }>(
      named(
        'events.last_ord_at',
        sql`SELECT ord FROM events WHERE room_nid = ${room} AND ord IS NOT NULL AND position <= ${position}
             ORDER BY ord DESC LIMIT 1`,
      ),
    );
    return row?.ord;
  },

  /** Of some events those that have a place in the stream of events. */
  async placed(tx: ReadTx, nids: readonly EventNid[]): Promise<EventNid[]> {
    const rows = await tx.rows<{ event_nid: EventNid }>(
      named(
        'events.placed',
        sql`SELECT event_nid FROM events WHERE event_nid = ANY(${nids}::bigint[]) AND position IS NOT NULL`,
      ),
    );
    return rows.map((row) => row.event_nid);
  },

  /** Whether there is history that this server does not have. */
  async hasGaps(tx: ReadTx, room: RoomNid): Promise<boolean> {
    const rows = await tx.rows(named('gaps.any', sql`SELECT 1 FROM room_gaps WHERE room_nid = ${room} LIMIT 1`));
    return rows.length > 0;
  },

  /** What held an event's state key before it, newest first. */
  async replacedBy(tx: ReadTx, nid: EventNid, limit: number): Promise<EventNid[]> {
    const rows = await tx.rows<{ event_nid: EventNid }>(
      named(
        'events.replaced_by',
        sql`WITH RECURSIVE replaced AS (
              SELECT b.event_nid, b.replaces, 1 AS step
                FROM events e JOIN events b ON b.event_nid = e.replaces WHERE e.event_nid = ${nid}
               UNION ALL
              SELECT b.event_nid, b.replaces, step + 1
                FROM replaced r JOIN events b ON b.event_nid = r.replaces WHERE step < ${limit}::int)
            SELECT event_nid FROM replaced ORDER BY step`,
      ),
    );
    return rows.map((row) => row.event_nid);
  },

  async nidsById(tx: ReadTx, ids: readonly EventId[]): Promise<Map<EventId, EventNid>> {
    const rows = await tx.rows<{ event_id: EventId; event_nid: EventNid }>(
      named('events.nids', sql`SELECT event_id, event_nid FROM events WHERE event_id = ANY(${ids}::text[])`),
    );
    return new Map(rows.map((row) => [row.event_id, row.event_nid]));
  },

  async ids(tx: ReadTx, nids: readonly EventNid[]): Promise<EventId[]> {
    const rows = await tx.rows<{ event_id: EventId }>(
      named('events.ids', sql`SELECT event_id FROM events WHERE event_nid = ANY(${nids}::bigint[])`),
    );
    return rows.map((row) => row.event_id);
  },

  /** The texts of events as they are sent to other servers. */
  async texts(tx: ReadTx, nids: readonly EventNid[]): Promise<Map<EventNid, string>> {
    const rows = await tx.rows<{ event_nid: EventNid; json: string }>(
      named('events.texts', sql`SELECT event_nid, json FROM events WHERE event_nid = ANY(${nids}::bigint[])`),
    );
    return new Map(rows.map((row) => [row.event_nid, row.json]));
  },

  async byTransaction(tx: ReadTx, key: Buffer): Promise<EventNid | undefined> {
    const [row] = await tx.rows<{ event_nid: EventNid }>(
      named('txns.find', sql`SELECT event_nid FROM send_txns WHERE key = ${key}`),
    );
    return row?.event_nid;
  },
};

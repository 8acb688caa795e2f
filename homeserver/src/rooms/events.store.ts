import type { EventId } from '@holm/spec/ids';
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

/** As numbered in the table; append, never reorder. */
export const EVENT_STATUSES: readonly EventStatus[] = ['accepted', 'soft-failed', 'rejected'];

export const eventsStore = {
  byNid: (tx: ReadTx, nids: readonly EventNid[]): Promise<EventRow[]> =>
    tx.rows(
      named(
        'events.by_nid',
        sql`SELECT event_nid, room_nid, event_id, ord, position, snapshot, key_number, auth_number, replaces, status,
                   redacted_by, json
              FROM events WHERE event_nid = ANY(${nids}::bigint[])`,
      ),
    ),

  byId: (tx: ReadTx, ids: readonly EventId[]): Promise<EventRow[]> =>
    tx.rows(
      named(
        'events.by_id',
        sql`SELECT event_nid, room_nid, event_id, ord, position, snapshot, key_number, auth_number, replaces, status,
                   redacted_by, json
              FROM events WHERE event_id = ANY(${ids}::text[])`,
      ),
    ),

  /** A room's timeline downwards from `before` (exclusive), newest first. */
  before: (tx: ReadTx, room: RoomNid, before: number, limit: number): Promise<EventRow[]> =>
    tx.rows(
      named(
        'events.before',
        sql`SELECT event_nid, room_nid, event_id, ord, position, snapshot, key_number, auth_number, replaces, status,
                   redacted_by, json
              FROM events WHERE room_nid = ${room} AND ord < ${before}
             ORDER BY ord DESC LIMIT ${limit}`,
      ),
    ),

  /** A room's timeline upwards from `after` (exclusive), oldest first. */
  after: (tx: ReadTx, room: RoomNid, after: number, limit: number): Promise<EventRow[]> =>
    tx.rows(
      named(
        'events.after',
        sql`SELECT event_nid, room_nid, event_id, ord, position, snapshot, key_number, auth_number, replaces, status,
                   redacted_by, json
              FROM events WHERE room_nid = ${room} AND ord > ${after}
             ORDER BY ord LIMIT ${limit}`,
      ),
    ),

  /** The newest `limit` events of each of many rooms. */
  newest: (tx: ReadTx, rooms: readonly RoomNid[], limit: number): Promise<EventRow[]> =>
    tx.rows(
      named(
        'events.newest',
        sql`SELECT e.event_nid, e.room_nid, e.event_id, e.ord, e.position, e.snapshot, e.key_number, e.auth_number,
                   e.replaces, e.status, e.redacted_by, e.json
              FROM unnest(${rooms}::int[]) AS r(room_nid)
             CROSS JOIN LATERAL (
                     SELECT * FROM events WHERE room_nid = r.room_nid AND ord IS NOT NULL
                      ORDER BY ord DESC LIMIT ${limit}) e`,
      ),
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

  /** Whether there is history that this server does not have. */
  async hasGaps(tx: ReadTx, room: RoomNid): Promise<boolean> {
    const rows = await tx.rows(named('gaps.any', sql`SELECT 1 FROM room_gaps WHERE room_nid = ${room} LIMIT 1`));
    return rows.length > 0;
  },

  async nidsById(tx: ReadTx, ids: readonly EventId[]): Promise<Map<EventId, EventNid>> {
    const rows = await tx.rows<{ event_id: EventId; event_nid: EventNid }>(
      named('events.nids', sql`SELECT event_id, event_nid FROM events WHERE event_id = ANY(${ids}::text[])`),
    );
    return new Map(rows.map((row) => [row.event_id, row.event_nid]));
  },

  /** The texts of events as they are sent to other servers. */
  async texts(tx: ReadTx, nids: readonly EventNid[]): Promise<Map<EventNid, string>> {
    const rows = await tx.rows<{ event_nid: EventNid; json: string }>(
      named('events.texts', sql`SELECT event_nid, json FROM events WHERE event_nid = ANY(${nids}::bigint[])`),
    );
    return new Map(rows.map((row) => [row.event_nid, row.json]));
  },

  /** Which of `ids` are missing ancestors of events that are stored. */
  async gaps(tx: ReadTx, room: RoomNid, ids: readonly EventId[]): Promise<EventId[]> {
    const rows = await tx.rows<{ event_id: EventId }>(
      named(
        'gaps.find',
        sql`SELECT event_id FROM room_gaps WHERE room_nid = ${room} AND event_id = ANY(${ids}::text[])`,
      ),
    );
    return rows.map((row) => row.event_id);
  },

  async byTransaction(tx: ReadTx, key: Buffer): Promise<EventNid | undefined> {
    const [row] = await tx.rows<{ event_nid: EventNid }>(
      named('txns.find', sql`SELECT event_nid FROM send_txns WHERE key = ${key}`),
    );
    return row?.event_nid;
  },
};

import type { EventId, UserId } from '@holm/spec/ids';
import type { ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import { EVENT_COLUMNS, type EventRow } from '../events.store.ts';
import type { RoomNid } from '../model.ts';

/** Children of children of children: the specification asks for three levels at least. */
export const MAX_DEPTH = 4;
const MAX_DESCENDANTS = 10_000;
/** Of what is said about one of these. */
const MAX_OF_EACH = 500;
/** Answers in threads that are looked at for one page of a room's threads. */
const THREADS_SCANNED = 1_000;

/** Which children of an event are wanted, between two places of the timeline. */
export interface Wanted {
  readonly room: RoomNid;
  readonly parent: EventId;
  readonly relType: string | undefined;
  readonly eventType: string | undefined;
  /** Exclusive. */
  readonly above: number;
  /** Inclusive. */
  readonly upTo: number;
  readonly direction: 'back' | 'forward';
  readonly limit: number;
  readonly ignored: readonly UserId[];
}

export interface ThreadsWanted {
  readonly room: RoomNid;
  /** Exclusive. */
  readonly before: number;
  /** What is newer is not for the reader. */
  readonly until: number;
  /** Of whose threads alone: those that they began, or have said something in. */
  readonly participant: UserId | undefined;
  readonly ignored: readonly UserId[];
}

export interface ThreadRow {
  readonly parent_id: EventId;
  /** The place of the thread's newest event. */
  readonly ord: number;
}

export interface RelatedWanted {
  readonly room: RoomNid;
  readonly parents: readonly EventId[];
  /** Absent for any. */
  readonly relTypes: readonly string[] | null;
  readonly senders: readonly string[] | null;
  readonly until: number;
  /** What was sent before has expired. */
  readonly since: number;
}

export interface Annotation {
  readonly sender: UserId;
  readonly type: string;
  readonly target: EventId;
  readonly key: string | undefined;
}

type Order = 'ASC' | 'DESC';

const orderOf = (direction: Wanted['direction']): Order => (direction === 'back' ? 'DESC' : 'ASC');

/**
 * The kinds of relations that an event has, from one to the next in the index, and of each the first children in the
 * order of the timeline: of an event with a hundred thousand of them, no more are read than are wanted.
 */
const firstChildren = (where: string, order: Order, limit: string): string => `
  kinds AS (
    (SELECT rel_type FROM event_relations WHERE room_nid = $1 AND parent_id = $2 ORDER BY rel_type LIMIT 1)
    UNION ALL
    SELECT (SELECT rel_type FROM event_relations
             WHERE room_nid = $1 AND parent_id = $2 AND rel_type > k.rel_type ORDER BY rel_type LIMIT 1)
      FROM kinds k WHERE k.rel_type IS NOT NULL),
  first AS (
    SELECT c.child_nid, c.ord
      FROM kinds k CROSS JOIN LATERAL (
        SELECT r.child_nid, r.ord FROM event_relations r
         WHERE r.room_nid = $1 AND r.parent_id = $2 AND r.rel_type = k.rel_type AND r.ord <= $4 AND ${where}
           AND ($6::text IS NULL OR r.event_type = $6)
         ORDER BY r.ord ${order} LIMIT ${limit}) c
     WHERE $7::text IS NULL OR k.rel_type = $7
     ORDER BY c.ord ${order} LIMIT ${limit})`;

const children = (order: Order): string => `
  WITH RECURSIVE ${firstChildren('r.ord > $3 AND r.sender <> ALL ($5::text[])', order, '$8')}
  SELECT ${EVENT_COLUMNS} FROM first JOIN events e ON e.event_nid = first.child_nid ORDER BY first.ord ${order}`;

/** Filters hold for what is on the way, too: what relates to something that was left out is left out. */
const descendants = (order: Order): string => `
  WITH RECURSIVE ${firstChildren('true', order, String(MAX_DESCENDANTS))},
  d AS (
    SELECT e.event_nid, e.event_id, e.ord, 1 AS depth FROM first JOIN events e ON e.event_nid = first.child_nid
    UNION
    SELECT e.event_nid, e.event_id, e.ord, d.depth + 1
      FROM d CROSS JOIN LATERAL (
        SELECT r.child_nid FROM event_relations r
         WHERE r.room_nid = $1 AND r.parent_id = d.event_id AND r.ord <= $4
           AND ($6::text IS NULL OR r.event_type = $6) AND ($7::text IS NULL OR r.rel_type = $7)
         LIMIT ${MAX_OF_EACH}) c
      JOIN events e ON e.event_nid = c.child_nid
     WHERE d.depth < ${MAX_DEPTH}
  ), found AS (SELECT DISTINCT event_nid FROM (SELECT event_nid FROM d LIMIT ${2 * MAX_DESCENDANTS}) part)
  SELECT ${EVENT_COLUMNS} FROM found JOIN events e USING (event_nid)
    JOIN event_relations r ON r.room_nid = $1 AND r.child_nid = e.event_nid
   WHERE e.ord > $3 AND r.sender <> ALL ($5::text[])
   ORDER BY e.ord ${order} LIMIT $8`;

/** An answer that another one follows in its thread was told of by that one. */
const THREADS = `
  WITH part AS (
    SELECT parent_id, ord, sender FROM event_relations
     WHERE room_nid = $1 AND rel_type = 'm.thread' AND ord < $2 ORDER BY ord DESC LIMIT ${THREADS_SCANNED}),
  scan AS (SELECT min(ord) AS "end", count(*)::int AS scanned FROM part),
  newest AS (SELECT parent_id, max(ord) AS ord FROM part WHERE sender <> ALL ($4::text[]) GROUP BY parent_id)
  SELECT n.parent_id, n.ord, scan."end", scan.scanned,
         n.parent_id IS NOT NULL
         AND NOT EXISTS (SELECT FROM event_relations r
                          WHERE r.room_nid = $1 AND r.parent_id = n.parent_id AND r.rel_type = 'm.thread'
                            AND r.ord > n.ord AND r.ord <= $3 AND r.sender <> ALL ($4::text[]))
         AND ($5::text IS NULL
              OR EXISTS (SELECT FROM event_relations r
                          WHERE r.room_nid = $1 AND r.sender = $5 AND r.parent_id = n.parent_id
                            AND r.rel_type = 'm.thread' AND r.ord <= $3)
              OR EXISTS (SELECT FROM events e WHERE e.event_id = n.parent_id AND readable_json(e.json) ->> 'sender' = $5))
           AS is_newest
    FROM scan LEFT JOIN newest n ON true
   ORDER BY n.ord DESC`;

const wantedValues = ({ room, parent, above, upTo, ignored, eventType, relType, limit }: Wanted): unknown[] => [
  room, parent, above, upTo, ignored, eventType ?? null, relType ?? null, limit,
]; // prettier-ignore

export const relationsStore = {
  children: (tx: ReadTx, wanted: Wanted): Promise<EventRow[]> =>
    tx.rows(
      named(`relations.children_${wanted.direction}`, {
        text: children(orderOf(wanted.direction)),
        values: wantedValues(wanted),
      }),
    ),

  /** As `children`, with the children of those and so on. */
  descendants: (tx: ReadTx, wanted: Wanted): Promise<EventRow[]> =>
    tx.rows(
      named(`relations.descendants_${wanted.direction}`, {
        text: descendants(orderOf(wanted.direction)),
        values: wantedValues(wanted),
      }),
    ),

  /**
   * A stretch of a room's answers in threads downwards from `before`: the threads of which the newest event is in it,
   * newest first, and where the stretch ends; no end when there is nothing below.
   */
  async threads(tx: ReadTx, wanted: ThreadsWanted): Promise<{ threads: ThreadRow[]; end: number | undefined }> {
    const { room, before, until, participant, ignored } = wanted;
    const rows = await tx.rows<ThreadRow & { end: number; scanned: number; is_newest: boolean }>(
      named('relations.threads', { text: THREADS, values: [room, before, until, ignored, participant ?? null] }),
    );
    const [first] = rows;
    return {
      threads: rows.filter((row) => row.is_newest),
      end: first?.scanned === THREADS_SCANNED ? first.end : undefined,
    };
  },

  /** Those of `parents` about which something has been said, of certain kinds or by certain users. */
  async related(
    tx: ReadTx,
    { room, parents, relTypes, senders, until, since }: RelatedWanted,
  ): Promise<ReadonlySet<EventId>> {
    const rows = await tx.rows<{ parent_id: EventId }>(
      named(
        'relations.related',
        sql`SELECT DISTINCT parent_id FROM event_relations
             WHERE room_nid = ${room} AND parent_id = ANY(${parents}::text[]) AND ord <= ${until} AND sent_at >= ${since}
               AND rel_type = ANY(coalesce(${relTypes}::text[], ARRAY[rel_type]))
               AND sender = ANY(coalesce(${senders}::text[], ARRAY[sender]))`,
      ),
    );
    return new Set(rows.map((row) => row.parent_id));
  },

  /** Whether somebody has said the same of the same event before. */
  async hasAnnotation(tx: ReadTx, room: RoomNid, { sender, type, target, key }: Annotation): Promise<boolean> {
    const rows = await tx.rows(
      named(
        'relations.annotation',
        sql`SELECT 1 FROM event_relations
             WHERE room_nid = ${room} AND sender = ${sender} AND parent_id = ${target} AND rel_type = 'm.annotation'
               AND event_type = ${type} AND key IS NOT DISTINCT FROM ${key ?? null} LIMIT 1`,
      ),
    );
    return rows.length > 0;
  },
};

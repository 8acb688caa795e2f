import type { EventId, UserId } from '@holm/spec/ids';
import type { ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import { EVENT_COLUMNS, type EventRow } from '../events.store.ts';
import type { EventNid, RoomNid, SnapshotId } from '../model.ts';

/** More than any client shows of an event; and of what somebody sends only to be in the way. */
const MAX_REFERENCES = 500;
const MAX_REPLACEMENTS = 5;
const MAX_LATEST = 5;
/** Children of children of children: the specification asks for three levels at least. */
export const MAX_DEPTH = 4;
const MAX_DESCENDANTS = 10_000;
/** Answers in threads that are looked at for one page of a room's threads. */
const THREADS_SCANNED = 1_000;

/** An event of which is asked what others say about it. */
export interface ParentOf {
  readonly room: RoomNid;
  readonly id: EventId;
  readonly sender: UserId;
  readonly type: string;
  /** The last place of the timeline that the reader may see. */
  readonly until: number;
  readonly reader: UserId;
  readonly ignored: readonly UserId[];
}

export interface BundleRow {
  readonly room_nid: RoomNid;
  readonly parent_id: EventId;
  readonly kind: 'm.replace' | 'm.thread' | 'm.reference';
  readonly event_nid: EventNid;
  readonly event_id: EventId;
  readonly ord: number;
  readonly snapshot: SnapshotId | null;
  /** Of threads alone: how many events they have, and whether one of them is the reader's. */
  readonly count: number | null;
  readonly participated: boolean | null;
}

export interface ThreadPart {
  readonly parent_id: EventId;
  readonly snapshot: SnapshotId | null;
  readonly ord: number;
  readonly count: number;
}

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
}

export interface Annotation {
  readonly sender: UserId;
  readonly type: string;
  readonly target: EventId;
  readonly key: string | undefined;
}

const PARENTS = `p AS (
  SELECT room_nid, parent_id, sender, type, until, reader, string_to_array(ignored, E'\\n') AS ignored
    FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[])
      AS u(room_nid, parent_id, sender, type, until, reader, ignored))`;

const childrenOf = (type: string) =>
  `event_relations r WHERE r.room_nid = p.room_nid AND r.parent_id = p.parent_id AND r.rel_type = '${type}'
     AND r.ord <= p.until`;

const parentValues = (parents: readonly ParentOf[]): readonly unknown[] => [
  parents.map(({ room }) => room),
  parents.map(({ id }) => id),
  parents.map(({ sender }) => sender),
  parents.map(({ type }) => type),
  parents.map(({ until }) => until),
  parents.map(({ reader }) => reader),
  parents.map(({ ignored }) => ignored.join('\n')),
];

const BUNDLES = `
  WITH ${PARENTS}
  SELECT p.room_nid, p.parent_id, 'm.replace' AS kind, c.event_nid, c.event_id, c.ord, c.snapshot, NULL::int AS count,
         NULL::boolean AS participated
    FROM p CROSS JOIN LATERAL (
      SELECT e.event_nid, e.event_id, e.ord, e.snapshot FROM (
        SELECT r.child_nid, r.sent_at FROM ${childrenOf('m.replace')} AND r.sender = p.sender AND r.event_type = p.type
         ORDER BY r.sent_at DESC FETCH FIRST ${MAX_REPLACEMENTS} ROWS WITH TIES) newest
        JOIN events e ON e.event_nid = newest.child_nid
       ORDER BY newest.sent_at DESC, e.event_id DESC LIMIT ${MAX_REPLACEMENTS}) c
  UNION ALL
  SELECT p.room_nid, p.parent_id, 'm.thread', e.event_nid, e.event_id, e.ord, e.snapshot, t.count,
         EXISTS (SELECT FROM ${childrenOf('m.thread')} AND r.sender = p.reader)
    FROM p
   CROSS JOIN LATERAL (
      SELECT count(*)::int AS count FROM ${childrenOf('m.thread')} AND r.sender <> ALL (p.ignored)) t
   CROSS JOIN LATERAL (
      SELECT r.child_nid FROM ${childrenOf('m.thread')} AND r.sender <> ALL (p.ignored)
       ORDER BY r.ord DESC LIMIT ${MAX_LATEST}) c
    JOIN events e ON e.event_nid = c.child_nid
  UNION ALL
  SELECT p.room_nid, p.parent_id, 'm.reference', e.event_nid, e.event_id, e.ord, e.snapshot, NULL, NULL
    FROM p
   CROSS JOIN LATERAL (
      SELECT r.child_nid FROM ${childrenOf('m.reference')} AND r.sender <> ALL (p.ignored)
       ORDER BY r.ord DESC LIMIT ${MAX_REFERENCES}) c
    JOIN events e ON e.event_nid = c.child_nid`;

const THREAD_PARTS = `
  WITH ${PARENTS}
  SELECT p.parent_id, c.snapshot, c.ord, c.count
    FROM p CROSS JOIN LATERAL (
      SELECT e.snapshot, max(e.ord) AS ord, count(*)::int AS count
        FROM (SELECT r.child_nid FROM ${childrenOf('m.thread')} AND r.sender <> ALL (p.ignored)) all_of
        JOIN events e ON e.event_nid = all_of.child_nid GROUP BY e.snapshot) c`;

const CHILDREN = `
  event_relations r JOIN events e ON e.event_nid = r.child_nid
   WHERE r.room_nid = $1 AND r.parent_id = $2 AND r.ord > $3 AND r.ord <= $4 AND r.sender <> ALL ($5::text[])
     AND ($6::text IS NULL OR r.event_type = $6) AND ($7::text IS NULL OR r.rel_type = $7)`;

/** Filters hold for what is on the way, too: what relates to something that was left out is left out. */
const DESCENDANTS = `
  WITH RECURSIVE d AS (
    SELECT e.event_nid, e.event_id, e.ord, 1 AS depth
      FROM event_relations r JOIN events e ON e.event_nid = r.child_nid
     WHERE r.room_nid = $1 AND r.parent_id = $2
       AND ($6::text IS NULL OR r.event_type = $6) AND ($7::text IS NULL OR r.rel_type = $7)
    UNION
    SELECT e.event_nid, e.event_id, e.ord, d.depth + 1
      FROM d JOIN event_relations r ON r.room_nid = $1 AND r.parent_id = d.event_id
      JOIN events e ON e.event_nid = r.child_nid
     WHERE d.depth < ${MAX_DEPTH}
       AND ($6::text IS NULL OR r.event_type = $6) AND ($7::text IS NULL OR r.rel_type = $7)
  ), found AS (SELECT DISTINCT event_nid, ord FROM (SELECT event_nid, ord FROM d LIMIT ${MAX_DESCENDANTS}) part)
  SELECT ${EVENT_COLUMNS} FROM found JOIN events e USING (event_nid)
    JOIN event_relations r ON r.room_nid = $1 AND r.child_nid = e.event_nid
   WHERE e.ord > $3 AND e.ord <= $4 AND r.sender <> ALL ($5::text[])`;

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
              OR EXISTS (SELECT FROM events e WHERE e.event_id = n.parent_id AND e.json::json ->> 'sender' = $5))
           AS is_newest
    FROM scan LEFT JOIN newest n ON true
   ORDER BY n.ord DESC`;

const wantedValues = ({ room, parent, above, upTo, ignored, eventType, relType, limit }: Wanted): unknown[] => [
  room, parent, above, upTo, ignored, eventType ?? null, relType ?? null, limit,
]; // prettier-ignore

const inOrder = (direction: Wanted['direction'], column: string) =>
  `ORDER BY ${column} ${direction === 'back' ? 'DESC' : 'ASC'} LIMIT $8`;

export const relationsStore = {
  bundles: (tx: ReadTx, parents: readonly ParentOf[]): Promise<BundleRow[]> =>
    tx.rows(named('relations.bundles', { text: BUNDLES, values: parentValues(parents) })),

  /** How many events each thread has, by the states before them. */
  threadParts: (tx: ReadTx, parents: readonly ParentOf[]): Promise<ThreadPart[]> =>
    tx.rows(named('relations.thread_parts', { text: THREAD_PARTS, values: parentValues(parents) })),

  children: (tx: ReadTx, wanted: Wanted): Promise<EventRow[]> =>
    tx.rows(
      named(`relations.children_${wanted.direction}`, {
        text: `SELECT ${EVENT_COLUMNS} FROM ${CHILDREN} ${inOrder(wanted.direction, 'r.ord')}`,
        values: wantedValues(wanted),
      }),
    ),

  /** As `children`, with the children of those and so on. */
  descendants: (tx: ReadTx, wanted: Wanted): Promise<EventRow[]> =>
    tx.rows(
      named(`relations.descendants_${wanted.direction}`, {
        text: `${DESCENDANTS} ${inOrder(wanted.direction, 'e.ord')}`,
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
  async related(tx: ReadTx, { room, parents, relTypes, senders, until }: RelatedWanted): Promise<ReadonlySet<EventId>> {
    const rows = await tx.rows<{ parent_id: EventId }>(
      named(
        'relations.related',
        sql`SELECT DISTINCT parent_id FROM event_relations
             WHERE room_nid = ${room} AND parent_id = ANY(${parents}::text[]) AND ord <= ${until}
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

import type { EventId, UserId } from '@holm/spec/ids';
import type { ReadTx } from '../../storage/database.ts';
import { named } from '../../storage/sql.ts';
import type { EventNid, RoomNid, SnapshotId } from '../model.ts';

/** More than any client shows of an event; and of what somebody sends only to be in the way. */
const MAX_REFERENCES = 500;
const MAX_REPLACEMENTS = 5;
const MAX_LATEST = 5;

/** An event of which is asked what others say about it. */
export interface Parent {
  readonly id: EventId;
  readonly sender: UserId;
  readonly type: string;
}

/** Events of one room of which one reader asks what others say about them. */
export interface Page {
  readonly room: RoomNid;
  /** The last place of the timeline that the reader may see. */
  readonly until: number;
  /** What was sent before has expired. */
  readonly since: number;
  readonly reader: UserId;
  readonly ignored: readonly UserId[];
  readonly parents: readonly Parent[];
}

export interface BundleRow {
  /** Whose page it is on, from 1. */
  readonly n: number;
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

/**
 * One text for all of them: a page holds a hundred events, and putting each into lists of PostgreSQL's own takes longer than it does to
 * look for what is said about it. It takes the lists for short ones, as they are: of JSON's elements it expects a hundred each time.
 * Of most events nothing is said, which takes one look.
 */
const PARENTS = `p AS (
  SELECT g.n, g.room AS room_nid, q.id AS parent_id, q.sender, q.type, g.until, g.reader, g.ignored, g.since
    FROM unnest(ARRAY(SELECT json_array_elements($1::json))) AS page(page)
   CROSS JOIN LATERAL json_to_record(page.page)
           AS g(n int, room int, until bigint, since bigint, reader text, ignored text[],
                ids text[], senders text[], types text[])
   CROSS JOIN LATERAL unnest(g.ids, g.senders, g.types) AS q(id, sender, type)
   CROSS JOIN LATERAL (
     SELECT FROM event_relations r
      WHERE r.room_nid = g.room AND r.parent_id = q.id AND r.rel_type IN ('m.replace', 'm.thread', 'm.reference')
      LIMIT 1) AS spoken_of)`;

const childrenOf = (type: string) =>
  `event_relations r WHERE r.room_nid = p.room_nid AND r.parent_id = p.parent_id AND r.rel_type = '${type}'
     AND r.ord <= p.until AND r.sent_at >= p.since`;

const parentValues = (pages: readonly Page[]): readonly unknown[] => [
  JSON.stringify(
    pages.map(({ parents, ...page }, i) => ({
      ...page,
      n: i + 1,
      ids: parents.map(({ id }) => id),
      senders: parents.map(({ sender }) => sender),
      types: parents.map(({ type }) => type),
    })),
  ),
];

const BUNDLES = `
  WITH ${PARENTS}
  SELECT p.n, p.parent_id, 'm.replace' AS kind, c.event_nid, c.event_id, c.ord, c.snapshot, NULL::int AS count,
         NULL::boolean AS participated
    FROM p CROSS JOIN LATERAL (
      SELECT e.event_nid, e.event_id, e.ord, e.snapshot FROM (
        SELECT r.child_nid, r.sent_at FROM ${childrenOf('m.replace')} AND r.sender = p.sender AND r.event_type = p.type
         ORDER BY r.sent_at DESC FETCH FIRST ${MAX_REPLACEMENTS} ROWS WITH TIES) newest
        JOIN events e ON e.event_nid = newest.child_nid
       ORDER BY newest.sent_at DESC, e.event_id DESC LIMIT ${MAX_REPLACEMENTS}) c
  UNION ALL
  SELECT p.n, p.parent_id, 'm.thread', e.event_nid, e.event_id, e.ord, e.snapshot, t.count,
         EXISTS (SELECT FROM ${childrenOf('m.thread')} AND r.sender = p.reader)
    FROM p
   CROSS JOIN LATERAL (
      SELECT ((SELECT count(*) FROM ${childrenOf('m.thread')})
              - CASE WHEN cardinality(p.ignored) = 0 THEN 0
                     ELSE (SELECT count(*) FROM ${childrenOf('m.thread')} AND r.sender = ANY (p.ignored)) END)::int AS count) t
   CROSS JOIN LATERAL (
      SELECT r.child_nid FROM ${childrenOf('m.thread')} AND r.sender <> ALL (p.ignored)
       ORDER BY r.ord DESC LIMIT ${MAX_LATEST}) c
    JOIN events e ON e.event_nid = c.child_nid
  UNION ALL
  SELECT p.n, p.parent_id, 'm.reference', e.event_nid, e.event_id, e.ord, e.snapshot, NULL, NULL
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

export const bundlesStore = {
  bundles: (tx: ReadTx, pages: readonly Page[]): Promise<BundleRow[]> =>
    tx.rows(named('relations.bundles', { text: BUNDLES, values: parentValues(pages) })),

  /** How many events each thread has, by the states before them. */
  threadParts: (tx: ReadTx, page: Page): Promise<ThreadPart[]> =>
    tx.rows(named('relations.thread_parts', { text: THREAD_PARTS, values: parentValues([page]) })),
};

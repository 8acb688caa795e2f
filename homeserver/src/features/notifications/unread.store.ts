import type { EventId, UserId } from '@holm/spec/ids';
import type { RoomNid, SnapshotId } from '../../rooms/model.ts';
import { FIRST_FREE_KEY } from '../../rooms/model.ts';
import { EVENT_COLUMNS, type EventRow } from '../../rooms/events.store.ts';
import { byPlace } from '../../storage/by-place.ts';
import type { Database, ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { Position } from '../../streams/stream.ts';
import type { StoredThreads } from './backlog.ts';

export interface UserInRoom {
  readonly user: UserId;
  readonly room: RoomNid;
}

/** Up to where somebody has read, by receipts; of any thread, or of one. */
export interface ReadMark {
  readonly thread: string | undefined;
  readonly ord: number;
}

/** An event that says something about another one. */
export interface Speaking {
  readonly ord: number;
  readonly sender: UserId;
  /** By the rules that everybody begins with, it notifies nobody: a reaction, or an edit, that mentions nobody. */
  readonly isQuiet: boolean;
}

/** Of a redacted event. Who has counted something that speaks of one with more begins anew. */
export const MAX_SPEAKING = 500;

export interface StoredBacklog {
  readonly upTo: number;
  readonly rules: string;
  readonly threads: StoredThreads;
}

/** Where the counting of what somebody has not read begins. */
export interface Start {
  readonly marks: readonly ReadMark[];
  readonly stored: StoredBacklog | undefined;
}

/** A stretch of a room's timeline. */
export interface Stretch {
  readonly room: RoomNid;
  readonly after: number;
  /** Up to this place, only events that have to do with others: what is not in a thread has been read. */
  readonly main: number;
  /** Leave out state that can notify nobody: see `UserRules.isPlain`. */
  readonly isPlain: boolean;
  /** Leave out plain messages: they have been counted. */
  readonly counted?: PlainStretch | undefined;
}

/** A stretch of a room's timeline of which the plain messages are wanted, as one user sees them. */
export interface PlainStretch {
  readonly room: RoomNid;
  readonly user: UserId;
  readonly after: number;
  readonly upTo: number;
}

/** Plain messages before which the room was in the same state. */
export interface PlainMessages {
  readonly snapshot: SnapshotId | null;
  readonly ords: readonly number[];
  /** Where the last event of the stretch is in the stream. */
  readonly position: Position;
}

const usersOf = (keys: readonly UserInRoom[]) => keys.map(({ user }) => user);
const roomsOf = (keys: readonly UserInRoom[]) => keys.map(({ room }) => room);

/** A receipt's mark, or a backlog. */
interface StartRow {
  readonly n: number;
  readonly thread_id: string | null;
  readonly ord: number | null;
  readonly up_to: number | null;
  readonly rules: string | null;
  readonly threads: StoredThreads | null;
}

const STARTS = `
  WITH k AS (SELECT * FROM unnest($1::text[], $2::int[]) WITH ORDINALITY AS u(user_id, room_nid, n))
  SELECT k.n, r.thread_id, max(r.ord) AS ord, NULL::bigint AS up_to, NULL::text AS rules, NULL::json AS threads
    FROM k JOIN receipts r USING (room_nid, user_id) WHERE r.ord IS NOT NULL GROUP BY k.n, r.thread_id
  UNION ALL
  SELECT k.n, NULL, NULL, e.up_to, e.rules, e.threads FROM k JOIN unread_events e USING (room_nid, user_id)`;

const startOf = (rows: readonly StartRow[]): Start => ({
  marks: rows.flatMap(({ thread_id: thread, ord }) => (ord === null ? [] : [{ thread: thread ?? undefined, ord }])),
  stored: rows
    .flatMap(({ up_to: upTo, rules, threads }) =>
      upTo === null || rules === null || threads === null ? [] : [{ upTo, rules, threads }],
    )
    .at(0),
});

/** Of events that are no state. */
const TYPES = ['m.room.message', 'm.room.encrypted', 'm.call.invite'];

/** Compared byte by byte. */
const BYTES = 'e.json COLLATE "C"';

/**
 * State that may notify by the server's own rules: well-known keys, whatever mentions somebody, and what is no state by its type. A regular
 * expression for it takes six times as long.
 */
const MAY_NOTIFY = `(NOT u.plain OR e.key_number IS NULL OR e.key_number < ${FIRST_FREE_KEY}
  OR ${['m.mentions', ...TYPES.map((type) => `"type":"${type}"`)].map((text) => `strpos(${BYTES}, '${text}') > 0`).join(' OR ')})`;

/** `m.notice`, in whatever case, and little else. To put a text into lower case takes as long as all the rest. */
const LIKE_NOTICES = '%"msgtype":"_.______"%';

/**
 * Messages of others of which the server's own rules say the same whatever is in them: they notify, and are in no thread. All others are to
 * be looked at: what names the user, or might name everybody, notices, and what relates to anything. Texts are canonical JSON, in which the
 * type is a message's last member, and a string is written in one way.
 */
const isPlainMessage = (user: string): string => `e.status = 0 AND e.redacted_by IS NULL AND e.key_number IS NULL
  AND (e.json LIKE '%,"type":"m.room.message"}' OR e.json LIKE '%,"type":"m.room.encrypted"}')
  AND strpos(${BYTES}, ${user}) = 0 AND strpos(${BYTES}, '"room":true') = 0 AND strpos(${BYTES}, '"m.relates_to":') = 0
  AND ${BYTES} NOT LIKE '${LIKE_NOTICES}'`;

const PLAIN = `
  SELECT e.snapshot, array_agg(e.ord) AS ords, (SELECT position FROM events WHERE room_nid = $1 AND ord = $3) AS position
    FROM events e
   WHERE e.room_nid = $1 AND e.ord > $2 AND e.ord <= $3 AND e.position IS NOT NULL AND ${isPlainMessage('$4')}
   GROUP BY e.snapshot`;

/** What is to be looked at: not the state, and not the plain messages, that the stretch leaves out. */
const IS_WANTED = `${MAY_NOTIFY}
  AND NOT (u.counted IS NOT NULL AND e.ord > u.counted_after AND e.ord <= u.counted_up_to
           AND e.position IS NOT NULL AND ${isPlainMessage('u.counted')})`;

/**
 * Each event once, and for which stretches: those of all who come back at the same time are much the same. What has been read is not looked
 * through, however much that is: a relation has the place of its event.
 */
const STRETCHES = `
  SELECT s.ns, ${EVENT_COLUMNS}
    FROM (SELECT e.event_nid, array_agg(u.n::int) AS ns
            FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::bool[], $6::text[], $7::bigint[], $8::bigint[])
                   WITH ORDINALITY AS u(room, after, main, plain, counted, counted_after, counted_up_to, n)
           CROSS JOIN LATERAL (
             (SELECT e.event_nid, e.ord
                FROM event_relations r JOIN events e ON e.event_nid = r.child_nid
               WHERE r.room_nid = u.room AND r.room_nid > 0 AND r.ord > u.after AND r.ord <= u.main AND ${IS_WANTED}
               ORDER BY r.ord LIMIT $5)
             UNION ALL
             (SELECT e.event_nid, e.ord FROM events e
               WHERE e.room_nid = u.room AND e.ord > greatest(u.after, u.main) AND ${IS_WANTED}
               ORDER BY e.ord LIMIT $5)
              ORDER BY ord LIMIT $5) e
           GROUP BY e.event_nid) s
    JOIN events e ON e.event_nid = s.event_nid
   ORDER BY e.ord`;

const NEWEST = `
  SELECT ${EVENT_COLUMNS}
    FROM unnest($1::int[], $2::bigint[], $3::bool[]) AS u(room, before, plain)
   CROSS JOIN LATERAL (
     SELECT * FROM events e
      WHERE e.room_nid = u.room AND e.ord > 0 AND e.position < u.before AND ${MAY_NOTIFY}
      ORDER BY e.ord DESC LIMIT $4) e`;

/** The root of a thread is found over three relations at most, the last of which is that of the thread. */
const SPEAKING_OF = `
  WITH RECURSIVE speaking AS (
    SELECT child_nid, ord, sender, rel_type = 'm.replace' OR event_type = 'm.reaction' AS is_quiet, 1 AS depth
      FROM event_relations
     WHERE room_nid = $1 AND parent_id = $2 AND rel_type <> 'm.thread'
    UNION ALL
    SELECT r.child_nid, r.ord, r.sender, r.rel_type = 'm.replace' OR r.event_type = 'm.reaction', s.depth + 1
      FROM speaking s JOIN events e ON e.event_nid = s.child_nid
      JOIN event_relations r ON r.room_nid = $1 AND r.parent_id = e.event_id AND r.rel_type <> 'm.thread'
     WHERE s.depth < 2)
  SELECT s.ord, s.sender, s.is_quiet AND strpos(${BYTES}, '"m.mentions":') = 0 AS is_quiet
    FROM speaking s JOIN events e ON e.event_nid = s.child_nid LIMIT ${MAX_SPEAKING}`;

export const unreadStore = {
  /** How far each has read, and what has been written down of what they have not. */
  async starts(tx: ReadTx, keys: readonly UserInRoom[]): Promise<Map<UserInRoom, Start>> {
    const rows = await tx.rows<StartRow>(
      named('unread.starts', { text: STARTS, values: [usersOf(keys), roomsOf(keys)] }),
    );
    return new Map([...byPlace(keys, rows)].map(([key, found]) => [key, startOf(found)]));
  },

  /** What speaks of an event, or of what does, as far as that makes it a part of a thread; `MAX_SPEAKING` at most. */
  async speakingOf(tx: ReadTx, room: RoomNid, event: EventId): Promise<readonly Speaking[]> {
    const rows = await tx.rows<{ ord: number; sender: UserId; is_quiet: boolean }>(
      named('unread.speaking_of', { text: SPEAKING_OF, values: [room, event] }),
    );
    return rows.map(({ ord, sender, is_quiet: isQuiet }) => ({ ord, sender, isQuiet }));
  },

  /** The beginning of each stretch, oldest first; `ns` are the numbers of the stretches that an event is in, from 1. */
  stretches: (
    tx: ReadTx,
    stretches: readonly Stretch[],
    limit: number,
  ): Promise<(EventRow & { readonly ns: readonly number[] })[]> =>
    tx.rows(
      named('unread.stretches', {
        text: STRETCHES,
        values: [
          stretches.map(({ room }) => room),
          stretches.map(({ after }) => after),
          stretches.map(({ main }) => main),
          stretches.map(({ isPlain }) => isPlain),
          limit,
          stretches.map(({ counted }) => (counted ? JSON.stringify(counted.user) : null)),
          stretches.map(({ counted }) => counted?.after ?? null),
          stretches.map(({ counted }) => counted?.upTo ?? null),
        ],
      }),
    ),

  /** By the state before them. */
  plain: (tx: ReadTx, { room, user, after, upTo }: PlainStretch): Promise<PlainMessages[]> =>
    tx.rows(named('unread.plain', { text: PLAIN, values: [room, after, upTo, JSON.stringify(user)] })),

  /** The newest events of each of many rooms from before a position of the stream. */
  newest: (
    tx: ReadTx,
    rooms: readonly RoomNid[],
    { before, isPlain, limit }: { readonly before: number; readonly isPlain: boolean; readonly limit: number },
  ): Promise<EventRow[]> =>
    tx.rows(
      named('unread.newest', {
        text: NEWEST,
        values: [rooms, rooms.map(() => before), rooms.map(() => isPlain), limit],
      }),
    ),

  async memberCounts(tx: ReadTx, rooms: readonly RoomNid[]): Promise<Map<RoomNid, number>> {
    const rows = await tx.rows<{ room_nid: RoomNid; joined: number }>(
      named(
        'unread.member_counts',
        sql`SELECT room_nid, count(*)::int AS joined FROM memberships
             WHERE room_nid = ANY(${rooms}::int[]) AND membership = 'join' GROUP BY room_nid`,
      ),
    );
    return new Map(rows.map(({ room_nid, joined }) => [room_nid, joined]));
  },

  /** Never over what reaches further. */
  async save(db: Database, backlogs: readonly (UserInRoom & StoredBacklog)[]): Promise<void> {
    await db.run(
      named(
        'unread.save',
        sql`INSERT INTO unread_events AS old (room_nid, user_id, up_to, rules, threads)
            SELECT n.room_nid, n.user_id, n.up_to, n.rules, n.threads::json
              FROM unnest(${roomsOf(backlogs)}::int[], ${usersOf(backlogs)}::text[],
                          ${backlogs.map(({ upTo }) => upTo)}::bigint[], ${backlogs.map(({ rules }) => rules)}::text[],
                          ${backlogs.map(({ threads }) => JSON.stringify(threads))}::text[])
                AS n(room_nid, user_id, up_to, rules, threads)
             WHERE EXISTS (SELECT FROM room_heads h WHERE h.room_nid = n.room_nid)
            ON CONFLICT (room_nid, user_id) DO UPDATE
               SET up_to = EXCLUDED.up_to, rules = EXCLUDED.rules, threads = EXCLUDED.threads
             WHERE old.rules <> EXCLUDED.rules OR old.up_to <= EXCLUDED.up_to`,
      ),
    );
  },
};

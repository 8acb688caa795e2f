import type { EventId } from '@holm/spec/ids';
import type { ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import { EVENT_STATUSES } from '../events.store.ts';
import type { EventNid, EventStatus, KeyNumber, RoomNid } from '../model.ts';

/** An event that follows a missing one. */
export interface Follower {
  readonly nid: EventNid;
  readonly status: EventStatus;
}

/** What a state needs to know of an event. */
export interface EventRef {
  readonly id: EventId;
  readonly nid: EventNid;
  readonly room: RoomNid;
  readonly status: EventStatus;
  readonly keyNumber: KeyNumber | undefined;
  readonly authNumber: number | undefined;
  /** Its place in the room is known. */
  readonly isPlaced: boolean;
}

export const statusOf = (status: number): EventStatus => EVENT_STATUSES[status] ?? 'rejected';

/** Events that are missing, and those that were refused for want of others. */
export const gapsStore = {
  /** Of `ids`, those that are missing ancestors of stored events, with what follows them. */
  async followers(tx: ReadTx, room: RoomNid, ids: readonly EventId[]): Promise<Map<EventId, Follower[]>> {
    const rows = await tx.rows<{ event_id: EventId; child_nid: EventNid; status: number }>(
      named(
        'gaps.followers',
        sql`SELECT g.event_id, g.child_nid, e.status FROM room_gaps g JOIN events e ON e.event_nid = g.child_nid
             WHERE g.room_nid = ${room} AND g.event_id = ANY(${ids}::text[])`,
      ),
    );
    const found = new Map<EventId, Follower[]>();
    for (const { event_id, child_nid, status } of rows) {
      const followers = found.get(event_id) ?? [];
      followers.push({ nid: child_nid, status: statusOf(status) });
      found.set(event_id, followers);
    }
    return found;
  },

  /** As `followers`, for events of many rooms. */
  followersIn: (
    tx: ReadTx,
    wanted: readonly (readonly [RoomNid, EventId])[],
  ): Promise<{ room_nid: RoomNid; event_id: EventId; child_nid: EventNid; status: number }[]> =>
    tx.rows(
      named(
        'gaps.followers_in',
        sql`SELECT g.room_nid, g.event_id, g.child_nid, e.status
              FROM unnest(${wanted.map(([room]) => room)}::int[], ${wanted.map(([, id]) => id)}::text[])
                   AS u(room_nid, event_id)
              JOIN room_gaps g ON g.room_nid = u.room_nid AND g.event_id = u.event_id
              JOIN events e ON e.event_nid = g.child_nid`,
      ),
    ),

  /** What is missing right before events. */
  async before(tx: ReadTx, children: readonly EventNid[], limit: number): Promise<EventId[]> {
    const rows = await tx.rows<{ event_id: EventId }>(
      named(
        'gaps.before',
        sql`SELECT DISTINCT event_id FROM room_gaps WHERE child_nid = ANY(${children}::bigint[]) LIMIT ${limit}`,
      ),
    );
    return rows.map((row) => row.event_id);
  },

  /** Numbers of a room's timeline that no event has, right below the events that `ord` stands among: the last, and how many. */
  async freeBelow(tx: ReadTx, room: RoomNid, ord: number): Promise<{ readonly last: number; readonly count: number }> {
    const [row] = await tx.rows<{ last: number; below: number | null }>(
      named(
        'events.free_below',
        sql`SELECT e.ord - 1 AS last,
                   (SELECT max(b.ord) FROM events b WHERE b.room_nid = ${room} AND b.ord < e.ord) AS below
              FROM events e
             WHERE e.room_nid = ${room} AND e.ord <= ${ord}
               AND NOT EXISTS (SELECT FROM events p WHERE p.room_nid = ${room} AND p.ord = e.ord - 1)
             ORDER BY e.ord DESC LIMIT 1`,
      ),
    );
    return row ? { last: row.last, count: row.last - (row.below ?? -Infinity) } : { last: ord - 1, count: Infinity };
  },

  /** The depth of the oldest event of a room's timeline. */
  async firstDepth(tx: ReadTx, room: RoomNid): Promise<number> {
    const [row] = await tx.rows<{ depth: number }>(
      named(
        'events.first_depth',
        sql`SELECT depth FROM events WHERE room_nid = ${room} AND ord IS NOT NULL ORDER BY ord LIMIT 1`,
      ),
    );
    return row?.depth ?? 0;
  },

  /** The newest rejected events of a room. */
  async rejected(tx: ReadTx, room: RoomNid, limit: number): Promise<EventNid[]> {
    const rows = await tx.rows<{ event_nid: EventNid }>(
      named(
        'events.rejected',
        sql`SELECT event_nid FROM events WHERE room_nid = ${room} AND status = 2 ORDER BY event_nid DESC LIMIT ${limit}`,
      ),
    );
    return rows.map((row) => row.event_nid);
  },

  /** Events by their ids, without what they say: for states of which most is stored. */
  async refs(tx: ReadTx, ids: readonly EventId[]): Promise<EventRef[]> {
    const rows = await tx.rows<{
      event_id: EventId;
      event_nid: EventNid;
      room_nid: RoomNid;
      status: number;
      key_number: number | null;
      auth_number: number | null;
      is_placed: boolean;
    }>(
      named(
        'events.refs',
        sql`SELECT event_id, event_nid, room_nid, status, key_number, auth_number, snapshot IS NOT NULL AS is_placed
              FROM events WHERE event_id = ANY(${ids}::text[])`,
      ),
    );
    return rows.map((row) => ({
      id: row.event_id,
      nid: row.event_nid,
      room: row.room_nid,
      status: statusOf(row.status),
      keyNumber: row.key_number ?? undefined,
      authNumber: row.auth_number ?? undefined,
      isPlaced: row.is_placed,
    }));
  },
};

import type { EventId, ServerName, UserId } from '@holm/spec/ids';
import type { Database, Tx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import { EVENT_STATUSES } from '../events.store.ts';
import type { Position } from '../../streams/stream.ts';
import type { EventNid, RoomNid, SnapshotId, StoredEvent } from '../model.ts';
import type { PartialRoom } from './partial-room.ts';

interface Row {
  readonly room_nid: RoomNid;
  readonly join_id: EventId;
  readonly servers: readonly ServerName[];
}

/** What a join of ours was written as. */
export interface PlacedJoin extends StoredEvent {
  readonly ord: number;
  readonly position: Position;
  readonly snapshot: SnapshotId;
}

export const partialRoomsStore = {
  async all(db: Database): Promise<PartialRoom[]> {
    const rows = await db.rows<Row>(sql`SELECT room_nid, join_id, servers FROM partial_rooms`);
    return rows.map(({ room_nid: roomNid, join_id: joinId, servers }) => ({ roomNid, joinId, servers }));
  },

  async put(db: Database, { roomNid, joinId, servers }: PartialRoom): Promise<void> {
    await db.run(sql`
      INSERT INTO partial_rooms (room_nid, join_id, servers) VALUES (${roomNid}, ${joinId}, ${[...servers]})
      ON CONFLICT (room_nid) DO UPDATE SET join_id = EXCLUDED.join_id, servers = EXCLUDED.servers`);
  },

  async remove(db: Pick<Tx, 'run'>, { roomNid, joinId }: PartialRoom): Promise<void> {
    await db.run(sql`DELETE FROM partial_rooms WHERE room_nid = ${roomNid} AND join_id = ${joinId}`);
  },

  /** The join and all events whose places rest on it: their states were incomplete. History from before it is not. */
  async resting(db: Database, { roomNid, position, ord, nid }: PlacedJoin): Promise<EventNid[]> {
    const rows = await db.rows<{ event_nid: EventNid }>(sql`
      SELECT event_nid FROM events
       WHERE room_nid = ${roomNid} AND snapshot IS NOT NULL
         AND (position >= ${position} OR (position IS NULL AND event_nid >= ${nid} AND coalesce(ord >= ${ord}, true)))
       ORDER BY event_nid`);
    return rows.map((row) => row.event_nid);
  },

  /**
   * Makes state current that was so before the join, where nothing has come in its place since. What the join itself
   * made of members whom it did not know, when it was not the first one, is undone; but not whom it let in.
   * Resolves to the users whose memberships are others now.
   */
  async addCurrent(
    db: Database,
    { roomNid, position, keyNumber = 0 }: PlacedJoin,
    nids: readonly EventNid[],
  ): Promise<UserId[]> {
    const rows = await db.rows<{ user_id: UserId }>(
      named(
        'partial.add_current',
        sql`
      WITH state AS (SELECT event_nid, key_number, json FROM events WHERE event_nid = ANY(${nids}::bigint[])),
      current AS (
        INSERT INTO current_state (room_nid, key_number, event_nid)
        SELECT ${roomNid}::int, key_number, event_nid FROM state
        ON CONFLICT DO NOTHING)
      INSERT INTO memberships AS m (room_nid, user_id, membership, event_nid, position, server, sender)
      SELECT ${roomNid}::int, k.state_key,
             CASE WHEN s.membership IN ('join', 'invite', 'knock', 'ban') THEN s.membership ELSE 'leave' END,
             s.event_nid, ${position}::bigint, substring(k.state_key FROM position(':' IN k.state_key) + 1), s.sender
        FROM (SELECT event_nid, key_number, json::json -> 'content' ->> 'membership' AS membership,
                     json::json ->> 'sender' AS sender FROM state) s
        JOIN room_state_keys k ON k.room_nid = ${roomNid} AND k.key_number = s.key_number
       WHERE k.type = 'm.room.member' AND k.state_key LIKE '@%:%' AND k.key_number <> ${keyNumber}
      ON CONFLICT (room_nid, user_id) DO UPDATE
         SET membership = EXCLUDED.membership, event_nid = EXCLUDED.event_nid, position = EXCLUDED.position,
             sender = EXCLUDED.sender
       WHERE m.position <= EXCLUDED.position
      RETURNING m.user_id`,
      ),
    );
    return rows.map((row) => row.user_id);
  },

  /** Events have other places now than they were given at first. */
  async revise(tx: Tx, events: readonly StoredEvent[]): Promise<void> {
    const column = (key: 'nid' | 'snapshot' | 'ord' | 'position' | 'replaces') =>
      events.map((event) => event[key] ?? null);
    await tx.run(sql`
      UPDATE events e
         SET snapshot = u.snapshot, ord = u.ord, position = u.position, replaces = u.replaces, status = u.status
        FROM unnest(${column('nid')}::bigint[], ${column('snapshot')}::bigint[], ${column('ord')}::bigint[],
                    ${column('position')}::bigint[], ${column('replaces')}::bigint[],
                    ${events.map(({ status }) => EVENT_STATUSES.indexOf(status))}::smallint[])
             AS u (event_nid, snapshot, ord, position, replaces, status)
       WHERE e.event_nid = u.event_nid`);
  },
};

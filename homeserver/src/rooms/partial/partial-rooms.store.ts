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
   * Makes state current that was so before the join, where nothing has come in its place since, but not the memberships of
   * one server's users. What the join itself made of members whom it did not know, when it was not the first one, is undone.
   * Resolves to the users whose memberships are others now.
   */
  async addCurrent(
    db: Database,
    { roomNid, position }: PlacedJoin,
    { nids, except }: { readonly nids: readonly EventNid[]; readonly except: ServerName },
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
        FROM (SELECT event_nid, key_number, readable_json(json) -> 'content' ->> 'membership' AS membership,
                     readable_json(json) ->> 'sender' AS sender FROM state) s
        JOIN room_state_keys k ON k.room_nid = ${roomNid} AND k.key_number = s.key_number
       WHERE k.type = 'm.room.member' AND k.state_key LIKE '@%:%'
         AND substring(k.state_key FROM position(':' IN k.state_key) + 1) <> ${except}
      ON CONFLICT (room_nid, user_id) DO UPDATE
         SET membership = EXCLUDED.membership, event_nid = EXCLUDED.event_nid, position = EXCLUDED.position,
             sender = EXCLUDED.sender
       WHERE m.position <= EXCLUDED.position
      RETURNING m.user_id`,
      ),
    );
    return rows.map((row) => row.user_id);
  },

  /** Undoes what `addCurrent` has done, but for these events. Resolves to the users who have no membership any more. */
  async keepOnly(
    db: Database,
    room: RoomNid,
    { nids, except }: { readonly nids: readonly EventNid[]; readonly except: ServerName },
  ): Promise<UserId[]> {
    const rows = await db.rows<{ user_id: UserId }>(sql`
      WITH kept AS (SELECT unnest(${nids}::bigint[]) AS event_nid),
      current AS (
        DELETE FROM current_state c
         WHERE room_nid = ${room} AND NOT EXISTS (SELECT FROM kept WHERE kept.event_nid = c.event_nid))
      DELETE FROM memberships m
       WHERE room_nid = ${room} AND server <> ${except}
         AND NOT EXISTS (SELECT FROM kept WHERE kept.event_nid = m.event_nid)
      RETURNING user_id`);
    return rows.map((row) => row.user_id);
  },

  /**
   * As `addCurrent`, once that has been made current, for the users of one server. It is news to those who have known
   * otherwise, and to those who are asked to come; but it says nothing of the join itself. Resolves to whom it is news.
   */
  async addLocal(
    tx: Tx,
    { roomNid, position: joined, keyNumber = 0 }: PlacedJoin,
    { position, server }: { readonly position: Position; readonly server: ServerName },
  ): Promise<UserId[]> {
    const rows = await tx.rows<{ user_id: UserId; position: Position }>(sql`
      INSERT INTO memberships AS m (room_nid, user_id, membership, event_nid, position, server, sender)
      SELECT ${roomNid}::int, s.user_id,
             CASE WHEN s.membership IN ('join', 'invite', 'knock', 'ban') THEN s.membership ELSE 'leave' END,
             s.event_nid, CASE WHEN s.membership IN ('leave', 'ban') THEN ${joined}::bigint ELSE ${position}::bigint END,
             ${server}::text, s.sender
        FROM (SELECT k.state_key AS user_id, e.event_nid, readable_json(e.json) -> 'content' ->> 'membership' AS membership,
                     readable_json(e.json) ->> 'sender' AS sender
                FROM room_state_keys k
                JOIN current_state c ON c.room_nid = k.room_nid AND c.key_number = k.key_number
                JOIN events e ON e.event_nid = c.event_nid
               WHERE k.room_nid = ${roomNid} AND k.type = 'm.room.member' AND k.key_number <> ${keyNumber}
                 AND k.state_key LIKE '@%:%'
                 AND substring(k.state_key FROM position(':' IN k.state_key) + 1) = ${server}) s
      ON CONFLICT (room_nid, user_id) DO UPDATE
         SET membership = EXCLUDED.membership, event_nid = EXCLUDED.event_nid, position = ${position},
             sender = EXCLUDED.sender, stripped = NULL, via = NULL,
             forgotten = m.forgotten AND EXCLUDED.membership IN ('leave', 'ban')
       WHERE m.event_nid <> EXCLUDED.event_nid AND m.position <= ${joined}
      RETURNING user_id, position`);
    return rows.filter((row) => row.position === position).map((row) => row.user_id);
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

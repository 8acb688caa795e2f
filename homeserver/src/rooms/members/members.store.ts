import type { RoomId, ServerName, UserId } from '@holm/spec/ids';
import type { Membership } from '../../core/events/membership.ts';
import type { ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { Position } from '../../streams/stream.ts';
import type { EventNid, Member, RoomNid } from '../model.ts';

interface MemberRow {
  readonly room_nid: RoomNid;
  readonly user_id: UserId;
  readonly membership: Membership;
  readonly event_nid: EventNid;
  readonly sender: UserId;
  readonly server: ServerName;
  readonly position: Position;
}

const toMember = (row: MemberRow): Member => ({
  roomNid: row.room_nid,
  userId: row.user_id,
  membership: row.membership,
  eventNid: row.event_nid,
  sender: row.sender,
  server: row.server,
  position: row.position,
});

/** What an invite or knock tells about a room that this server is not in. */
export interface OutsideMembership {
  readonly roomNid: RoomNid;
  /** Stripped state events, as JSON text of an array. */
  readonly stripped: string;
  readonly via: readonly ServerName[];
}

export interface Banned {
  readonly userId: UserId;
  readonly eventNid: EventNid;
}

export const membersStore = {
  async ofUser(tx: ReadTx, user: UserId): Promise<Member[]> {
    const rows = await tx.rows<MemberRow>(
      named(
        'members.of_user',
        sql`SELECT room_nid, user_id, membership, event_nid, sender, server, position
              FROM memberships WHERE user_id = ${user} AND NOT forgotten`,
      ),
    );
    return rows.map(toMember);
  },

  async lastOfUser(tx: ReadTx, rooms: readonly RoomNid[], user: UserId): Promise<Map<RoomNid, Member>> {
    const rows = await tx.rows<MemberRow>(
      named(
        'members.last_of_user',
        sql`SELECT room_nid, user_id, membership, event_nid, sender, server, position
              FROM memberships WHERE room_nid = ANY(${rooms}::int[]) AND user_id = ${user}`,
      ),
    );
    return new Map(rows.map((row) => [row.room_nid, toMember(row)]));
  },

  /** Users of a server that have anything to do with a room, from the one behind `after` on. */
  async ofServer(
    tx: ReadTx,
    room: RoomNid,
    server: ServerName,
    { after, limit }: { readonly after: string; readonly limit: number },
  ): Promise<UserId[]> {
    const rows = await tx.rows<{ user_id: UserId }>(
      named(
        'members.of_server',
        sql`SELECT user_id FROM memberships
             WHERE room_nid = ${room} AND server = ${server} AND user_id > ${after}
             ORDER BY user_id LIMIT ${limit}`,
      ),
    );
    return rows.map((row) => row.user_id);
  },

  async isServerJoined(tx: ReadTx, room: RoomNid, server: ServerName): Promise<boolean> {
    const rows = await tx.rows(
      named(
        'members.is_server_joined',
        sql`SELECT FROM memberships WHERE room_nid = ${room} AND server = ${server} AND membership = 'join' LIMIT 1`,
      ),
    );
    return rows.length > 0;
  },

  async joinedOf(tx: ReadTx, room: RoomNid, server: ServerName): Promise<UserId[]> {
    const rows = await tx.rows<{ user_id: UserId }>(
      named(
        'members.joined_of_server',
        sql`SELECT user_id FROM memberships
             WHERE room_nid = ${room} AND server = ${server} AND membership = 'join'`,
      ),
    );
    return rows.map((row) => row.user_id);
  },

  async servers(tx: ReadTx, room: RoomNid): Promise<Map<ServerName, number>> {
    const rows = await tx.rows<{ server: ServerName; joined: number }>(
      named(
        'members.servers',
        sql`SELECT server, count(*)::int AS joined FROM memberships
             WHERE room_nid = ${room} AND membership = 'join' GROUP BY server`,
      ),
    );
    return new Map(rows.map((row) => [row.server, row.joined]));
  },

  /** In an order that stays the same. */
  /** By their ids, so that who is unbanned meanwhile makes nobody else be left out. */
  banned: (tx: ReadTx, room: RoomNid, { after, limit }: { after: string; limit: number }): Promise<Banned[]> =>
    tx.rows(sql`
      SELECT user_id AS "userId", event_nid AS "eventNid" FROM memberships
       WHERE room_nid = ${room} AND membership = 'ban' AND user_id > ${after} ORDER BY user_id LIMIT ${limit}`),

  /** Those of `users` who are banned. */
  async bannedOf(tx: ReadTx, room: RoomNid, users: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await tx.rows<{ user_id: string }>(sql`
      SELECT user_id FROM memberships
       WHERE room_nid = ${room} AND membership = 'ban' AND user_id = ANY(${users}::text[])`);
    return new Set(rows.map((row) => row.user_id));
  },

  async counts(
    tx: ReadTx,
    rooms: readonly RoomNid[],
  ): Promise<{ room: RoomNid; membership: Membership; count: number }[]> {
    return tx.rows(
      named(
        'members.counts',
        sql`SELECT room_nid AS room, membership, count(*)::int AS count FROM memberships
             WHERE room_nid = ANY(${rooms}::int[]) AND membership IN ('join', 'invite') GROUP BY 1, 2`,
      ),
    );
  },

  /** Up to five members to name a room by, for each of many rooms; oldest first. Joined and invited before left. */
  async heroes(tx: ReadTx, rooms: readonly RoomNid[], except: UserId): Promise<Map<RoomNid, UserId[]>> {
    const rows = await tx.rows<{ room_nid: RoomNid; user_id: UserId }>(
      named(
        'members.heroes',
        sql`SELECT r.room_nid, m.user_id
              FROM unnest(${rooms}::int[]) AS r(room_nid)
             CROSS JOIN LATERAL (
                     SELECT user_id FROM memberships
                      WHERE room_nid = r.room_nid AND user_id <> ${except}
                      ORDER BY membership IN ('join', 'invite') DESC, position, user_id LIMIT 5) m`,
      ),
    );
    const heroes = new Map<RoomNid, UserId[]>();
    for (const { room_nid, user_id } of rows) heroes.set(room_nid, [...(heroes.get(room_nid) ?? []), user_id]);
    return heroes;
  },

  async outside(tx: ReadTx, user: UserId): Promise<OutsideMembership[]> {
    const rows = await tx.rows<{ room_nid: RoomNid; stripped: string; via: ServerName[] | null }>(
      named(
        'members.outside',
        sql`SELECT room_nid, stripped, via FROM memberships
             WHERE user_id = ${user} AND stripped IS NOT NULL AND NOT forgotten`,
      ),
    );
    return rows.map((row) => ({ roomNid: row.room_nid, stripped: row.stripped, via: row.via ?? [] }));
  },

  async via(tx: ReadTx, room: RoomId, user: UserId): Promise<ServerName[]> {
    const [row] = await tx.rows<{ via: ServerName[] | null }>(sql`
      SELECT m.via FROM memberships m JOIN rooms r USING (room_nid)
       WHERE r.room_id = ${room} AND m.user_id = ${user}`);
    return row?.via ?? [];
  },

  /** A membership in a room that this server is not in: an invite, a knock, or the end of either. */
  async putOutside(
    tx: ReadTx,
    member: Member,
    told: { stripped: string | null; via: readonly ServerName[] },
  ): Promise<void> {
    await tx.rows(sql`
      INSERT INTO memberships (room_nid, user_id, membership, event_nid, position, server, sender, stripped, via)
      VALUES (${member.roomNid}, ${member.userId}, ${member.membership}, ${member.eventNid}, ${member.position},
              ${member.server}, ${member.sender}, ${told.stripped}, ${told.via}::text[])
      ON CONFLICT (room_nid, user_id) DO UPDATE
         SET membership = EXCLUDED.membership, event_nid = EXCLUDED.event_nid, position = EXCLUDED.position,
             sender = EXCLUDED.sender, stripped = EXCLUDED.stripped, via = EXCLUDED.via,
             forgotten = memberships.forgotten AND EXCLUDED.membership IN ('leave', 'ban')`);
  },

  forget: (tx: ReadTx, room: RoomNid, user: UserId): Promise<unknown> =>
    tx.rows(sql`
      UPDATE memberships SET forgotten = true, forgotten_up_to = position
       WHERE room_nid = ${room} AND user_id = ${user}`),

  async forgottenUpTo(tx: ReadTx, room: RoomNid, user: UserId): Promise<Position | undefined> {
    const [row] = await tx.rows<{ forgotten_up_to: Position | null }>(
      named(
        'members.forgotten_up_to',
        sql`SELECT forgotten_up_to FROM memberships WHERE room_nid = ${room} AND user_id = ${user}`,
      ),
    );
    return row?.forgotten_up_to ?? undefined;
  },
};

import type { RoomId, ServerName, UserId } from '@holm/spec/ids';
import type { EventNid, RoomNid } from '../../rooms/model.ts';
import { wellKnownKey } from '../../rooms/state/well-known-keys.ts';
import type { ReadTx, Tx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { Position } from '../../streams/stream.ts';
import { type KnownPerson, wordsFor } from './known-person.ts';

/** Up to which membership the directory has been brought. */
export interface Progress {
  readonly position: Position;
  readonly room: RoomNid;
  readonly user: string;
}

export interface Joined {
  readonly position: Position;
  readonly room: RoomNid;
  readonly user: UserId;
  readonly server: ServerName;
  readonly event: EventNid;
  readonly isPublic: boolean;
}

export interface FoundPerson {
  readonly user_id: UserId;
  readonly display_name: string | null;
  readonly avatar_url: string | null;
}

const JOIN_RULES = wellKnownKey(['m.room.join_rules', '']) ?? -1;
const VISIBILITY = wellKnownKey(['m.room.history_visibility', '']) ?? -1;

// Events are kept as JSON without spaces, and a quotation mark inside a string is escaped: nothing else reads like this.
const PUBLIC = '"join_rule":"public"';
const READABLE = '"history_visibility":"world_readable"';

/** Of those whose name begins with a letter, nobody reads more. */
const MAX_CANDIDATES = 5_000;

export const userDirectoryStore = {
  /** Kept from moving under the caller until the transaction is over. */
  async progress(tx: Tx): Promise<Progress> {
    const [row] = await tx.rows<Progress>(sql`
      SELECT up_to AS position, last_room AS room, last_user AS "user" FROM user_directory_progress FOR UPDATE`);
    if (!row) throw new Error('the directory of users has no progress');
    return row;
  },

  advance: (tx: Tx, { position, room, user }: Progress): Promise<number> =>
    tx.run(sql`UPDATE user_directory_progress SET up_to = ${position}, last_room = ${room}, last_user = ${user}`),

  /** Who has joined, or changed their profile, since. */
  joinedSince: (tx: ReadTx, since: Progress, settled: Position, limit: number): Promise<Joined[]> =>
    tx.rows(
      named(
        'people.joined_since',
        sql`SELECT m.position, m.room_nid AS room, m.user_id AS "user", m.server, m.event_nid AS event,
                   EXISTS (SELECT FROM current_state c JOIN events e ON e.event_nid = c.event_nid
                            WHERE c.room_nid = m.room_nid
                              AND (c.key_number = ${JOIN_RULES} AND strpos(e.json, ${PUBLIC}) > 0
                                   OR c.key_number = ${VISIBILITY} AND strpos(e.json, ${READABLE}) > 0)) AS "isPublic"
              FROM memberships m
             WHERE m.membership = 'join' AND m.position <= ${settled}
               AND (m.position, m.room_nid, m.user_id) > (${since.position}::bigint, ${since.room}::int, ${since.user})
             ORDER BY m.position, m.room_nid, m.user_id LIMIT ${limit}`,
      ),
    ),

  /** What was learnt in a private room does not take the place of what everybody may know. */
  put: (tx: ReadTx, people: readonly KnownPerson[]): Promise<unknown> =>
    tx.rows(
      named(
        'people.put',
        sql`INSERT INTO user_directory AS d (user_id, display_name, avatar_url, is_public, words)
            SELECT user_id, name, url, is_public, array_to_tsvector(string_to_array(words, ' '))
              FROM unnest(${people.map(({ userId }) => userId)}::text[],
                          ${people.map(({ displayName }) => displayName ?? null)}::text[],
                          ${people.map(({ avatarUrl }) => avatarUrl ?? null)}::text[],
                          ${people.map(({ isPublic }) => isPublic)}::boolean[],
                          ${people.map((person) => wordsFor(person).join(' '))}::text[])
                   AS u(user_id, name, url, is_public, words)
            ON CONFLICT (user_id) DO UPDATE
               SET display_name = EXCLUDED.display_name, avatar_url = EXCLUDED.avatar_url,
                   is_public = EXCLUDED.is_public, words = EXCLUDED.words
             WHERE EXCLUDED.is_public OR NOT d.is_public`,
      ),
    ),

  /** Those of the users whom the directory does not know. */
  async missing(tx: ReadTx, users: readonly UserId[]): Promise<Set<UserId>> {
    const rows = await tx.rows<{ user_id: UserId }>(sql`
      SELECT u.user_id FROM unnest(${users}::text[]) AS u(user_id)
       WHERE NOT EXISTS (SELECT FROM user_directory d WHERE d.user_id = u.user_id)`);
    return new Set(rows.map(({ user_id }) => user_id));
  },

  /** People who have an account here and whom the directory does not know: they are in no room. */
  async unlistedAccounts(tx: ReadTx, limit: number): Promise<UserId[]> {
    const rows = await tx.rows<{ user_id: UserId }>(sql`
      SELECT a.user_id FROM accounts a
       WHERE a.deactivated_at IS NULL AND NOT EXISTS (SELECT FROM user_directory d WHERE d.user_id = a.user_id)
       LIMIT ${limit}`);
    return rows.map(({ user_id }) => user_id);
  },

  remove: (tx: ReadTx, user: UserId): Promise<unknown> =>
    tx.rows(sql`DELETE FROM user_directory WHERE user_id = ${user}`),

  search: (
    tx: ReadTx,
    {
      me,
      exact,
      prefix,
      limit,
      everybody,
    }: { me: UserId; exact: string; prefix: string; limit: number; everybody: boolean },
  ): Promise<FoundPerson[]> =>
    tx.rows(
      named(
        'people.search',
        sql`WITH mine AS MATERIALIZED (
              SELECT room_nid FROM memberships WHERE user_id = ${me} AND membership = 'join'),
            found AS MATERIALIZED (
              SELECT user_id, display_name, avatar_url, words @@ ${exact}::tsquery AS is_exact
                FROM user_directory WHERE words @@ ${prefix}::tsquery
               ORDER BY is_exact DESC, display_name IS NULL, user_id LIMIT ${MAX_CANDIDATES})
            SELECT f.user_id, f.display_name, f.avatar_url FROM found f
             WHERE (${everybody} AND EXISTS (SELECT FROM accounts a
                                              WHERE a.user_id = f.user_id AND a.deactivated_at IS NULL))
                OR EXISTS (
                   SELECT FROM memberships m
                    WHERE m.user_id = f.user_id AND m.membership = 'join'
                      AND (m.room_nid IN (SELECT room_nid FROM mine)
                           OR EXISTS (SELECT FROM current_state c JOIN events e ON e.event_nid = c.event_nid
                                       WHERE c.room_nid = m.room_nid
                                         AND (c.key_number = ${JOIN_RULES} AND strpos(e.json, ${PUBLIC}) > 0
                                              OR c.key_number = ${VISIBILITY} AND strpos(e.json, ${READABLE}) > 0))))
             ORDER BY f.is_exact DESC, f.display_name IS NULL, f.user_id LIMIT ${limit}`,
      ),
    ),

  /** Rooms that two people are in, in the order of their ids. */
  async mutual(tx: ReadTx, one: UserId, other: UserId): Promise<RoomId[]> {
    const rows = await tx.rows<{ room_id: RoomId }>(
      named(
        'people.mutual_rooms',
        sql`SELECT r.room_id FROM memberships a JOIN memberships b USING (room_nid) JOIN rooms r USING (room_nid)
             WHERE a.user_id = ${one} AND a.membership = 'join' AND b.user_id = ${other} AND b.membership = 'join'
             ORDER BY r.room_id`,
      ),
    );
    return rows.map(({ room_id }) => room_id);
  },
};

import type { ServerName } from '@holm/spec/ids';
import type { Database } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';

/** The last event of a room that a server was not sent. */
export interface Missed {
  readonly roomNid: number;
  readonly eventNid: number;
  readonly position: number;
}

export const missedStore = {
  /**
   * Gives up sending every event to servers that have been away for long. Of what they have not had up to a settled
   * position, the last event in each room is kept.
   */
  async fold(db: Database, servers: readonly ServerName[], upTo: number): Promise<void> {
    await db.run(sql`
      WITH away AS (
        SELECT server_name, coalesce(sent_position, 0) AS sent
          FROM unnest(${[...servers]}::text[]) AS s (server_name) LEFT JOIN destinations USING (server_name)),
      missed AS (
        SELECT DISTINCT ON (away.server_name, e.room_nid) away.server_name, e.room_nid, o.event_nid, o.position
          FROM outbox o
         CROSS JOIN LATERAL unnest(o.destinations) AS addressed (server_name)
          JOIN away ON away.server_name = addressed.server_name AND o.position > away.sent
          JOIN events e ON e.event_nid = o.event_nid
         WHERE o.position <= ${upTo}
         ORDER BY away.server_name, e.room_nid, o.position DESC),
      kept AS (
        INSERT INTO outbox_missed (server_name, room_nid, event_nid, position) SELECT * FROM missed
        ON CONFLICT (server_name, room_nid) DO UPDATE SET event_nid = EXCLUDED.event_nid, position = EXCLUDED.position)
      INSERT INTO destinations (server_name, sent_position) SELECT server_name, ${upTo}::bigint FROM away
      ON CONFLICT (server_name) DO UPDATE
         SET sent_position = greatest(destinations.sent_position, EXCLUDED.sent_position)`);
  },

  /** What a server missed, oldest first. */
  async of(db: Database, server: ServerName, limit: number): Promise<Missed[]> {
    const rows = await db.rows<{ room_nid: number; event_nid: number; position: number }>(
      named(
        'outbox_missed.of',
        sql`SELECT room_nid, event_nid, position FROM outbox_missed
             WHERE server_name = ${server} ORDER BY position LIMIT ${limit}`,
      ),
    );
    return rows.map((row) => ({ roomNid: row.room_nid, eventNid: row.event_nid, position: row.position }));
  },

  async servers(db: Database): Promise<ServerName[]> {
    const rows = await db.rows<{ server_name: ServerName }>(sql`SELECT DISTINCT server_name FROM outbox_missed`);
    return rows.map((row) => row.server_name);
  },

  /** The server has caught up on these. */
  async remove(db: Database, server: ServerName, missed: readonly Missed[]): Promise<void> {
    await db.run(
      named(
        'outbox_missed.remove',
        sql`
      DELETE FROM outbox_missed m
       USING unnest(${missed.map(({ roomNid }) => roomNid)}::int[], ${missed.map(({ position }) => position)}::bigint[])
             AS done (room_nid, position)
       WHERE m.server_name = ${server} AND m.room_nid = done.room_nid AND m.position <= done.position`,
      ),
    );
  },
};

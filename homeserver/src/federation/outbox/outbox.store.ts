import type { ServerName } from '@holm/spec/ids';
import type { Database } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';

/** An event that waits for one destination. */
export interface Waiting {
  readonly position: number;
  readonly eventNid: number;
}

/** A row of the outbox. */
export interface OutboxRow extends Waiting {
  readonly destinations: readonly ServerName[];
}

/** Positions of the newest event and message of which a destination has everything before, too. */
export interface Sent {
  readonly event: number;
  readonly message: number;
}

/** How far a destination has got. */
export interface Behind {
  readonly server: ServerName;
  readonly sentPosition: number;
}

interface WaitingRow {
  readonly position: number;
  readonly event_nid: number;
}

interface Row extends WaitingRow {
  readonly destinations: readonly ServerName[];
}

interface BehindRow {
  readonly server_name: ServerName;
  readonly newest: number;
}

/**
 * Rows are written by the room writer, in the statement that writes the event: `outbox (position, event_nid,
 * destinations)`.
 */
export const outboxStore = {
  /** What a destination gets next, in order. `upTo` must be settled: below it, no row appears any more. */
  async next(db: Database, { server, sentPosition }: Behind, upTo: number, limit: number): Promise<Waiting[]> {
    const rows = await db.rows<WaitingRow>(
      named(
        'outbox.next',
        sql`
      SELECT position, event_nid FROM outbox
       WHERE position > ${sentPosition} AND position <= ${upTo} AND ${server} = ANY(destinations)
       ORDER BY position LIMIT ${limit}`,
      ),
    );
    return rows.map((row) => ({ position: row.position, eventNid: row.event_nid }));
  },

  /** The newest `limit` rows of a range, oldest first. */
  async newest(db: Database, after: number, upTo: number, limit: number): Promise<OutboxRow[]> {
    const rows = await db.rows<Row>(
      named(
        'outbox.newest',
        sql`
      SELECT position, event_nid, destinations FROM outbox
       WHERE position > ${after} AND position <= ${upTo} ORDER BY position DESC LIMIT ${limit}`,
      ),
    );
    return rows.reverse().map(({ event_nid: eventNid, ...row }) => ({ ...row, eventNid }));
  },

  /** Up to where a destination has acknowledged everything. */
  async sent(db: Database, server: ServerName): Promise<Sent> {
    const [row] = await db.rows<Sent>(
      named(
        'outbox.sent',
        sql`SELECT sent_position AS event, sent_message AS message FROM destinations WHERE server_name = ${server}`,
      ),
    );
    return row ?? { event: 0, message: 0 };
  },

  /** Every destination that has something waiting, with the newest position addressed to it. */
  async behind(db: Database): Promise<(readonly [ServerName, number])[]> {
    const rows = await db.rows<BehindRow>(sql`
      SELECT addressed.server_name, addressed.newest
        FROM (SELECT unnest(destinations) AS server_name, max(position) AS newest FROM outbox GROUP BY 1) addressed
        LEFT JOIN destinations d USING (server_name)
       WHERE addressed.newest > coalesce(d.sent_position, 0)`);
    return rows.map((row) => [row.server_name, row.newest]);
  },

  async advance(db: Database, progress: ReadonlyMap<ServerName, Sent>): Promise<void> {
    const sent = [...progress.values()];
    await db.run(
      named(
        'outbox.advance',
        sql`
      INSERT INTO destinations (server_name, sent_position, sent_message)
      SELECT * FROM unnest(${[...progress.keys()]}::text[], ${sent.map(({ event }) => event)}::bigint[],
                           ${sent.map(({ message }) => message)}::bigint[])
      ON CONFLICT (server_name) DO UPDATE
        SET sent_position = greatest(destinations.sent_position, EXCLUDED.sent_position),
            sent_message = greatest(destinations.sent_message, EXCLUDED.sent_message)`,
      ),
    );
  },

  /** Removes what every destination has acknowledged. Resolves to the number of rows removed. */
  trim: (db: Database, upTo: number): Promise<number> =>
    db.run(sql`
      DELETE FROM outbox
       WHERE position <= ${upTo} AND NOT EXISTS (
         SELECT FROM unnest(destinations) AS addressed (server_name)
           LEFT JOIN destinations d USING (server_name)
          WHERE coalesce(d.sent_position, 0) < outbox.position)`),
};

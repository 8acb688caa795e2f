import type { ServerName } from '@holm/spec/ids';
import type { UnixMillis } from '../../platform/clock.ts';
import type { Database, ReadTx, Tx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';

/** A message that waits for one destination. */
export interface KeptMessage {
  readonly position: number;
  /** Canonical JSON of the EDU. */
  readonly edu: string;
}

export interface NewMessage extends KeptMessage {
  readonly destinations: readonly ServerName[];
  readonly key: string | undefined;
}

export const messagesStore = {
  async put(tx: Tx, { position, destinations, key, edu }: NewMessage): Promise<void> {
    await tx.run(
      named(
        'outbox_messages.put',
        sql`INSERT INTO outbox_messages (position, destinations, message_key, edu)
            VALUES (${position}, ${[...destinations]}, ${key ?? null}, ${edu})`,
      ),
    );
  },

  /**
   * What a destination gets next, in order. `upTo` must be settled. Most messages go to one server each, and are found by its name:
   * there may be any number of them, and of servers.
   */
  next(db: Database, server: ServerName, { after, upTo }: { after: number; upTo: number }, limit: number) {
    return db.rows<KeptMessage>(
      named(
        'outbox_messages.next',
        sql`
      SELECT position, edu FROM (
        (SELECT position, edu FROM outbox_messages
          WHERE position > ${after} AND position <= ${upTo}
            AND cardinality(destinations) = 1 AND destinations[1] = ${server}
          ORDER BY position LIMIT ${limit})
        UNION ALL
        (SELECT position, edu FROM outbox_messages
          WHERE position > ${after} AND position <= ${upTo}
            AND cardinality(destinations) > 1 AND ${server} = ANY(destinations)
          ORDER BY position LIMIT ${limit})) addressed
       ORDER BY position LIMIT ${limit}`,
      ),
    );
  },

  /** Every destination that has something waiting, with the newest position addressed to it. */
  async behind(db: Database): Promise<(readonly [ServerName, number])[]> {
    const rows = await db.rows<{ server_name: ServerName; newest: number }>(sql`
      SELECT addressed.server_name, addressed.newest
        FROM (SELECT unnest(destinations) AS server_name, max(position) AS newest
                FROM outbox_messages GROUP BY 1) addressed
        LEFT JOIN destinations d USING (server_name)
       WHERE addressed.newest > coalesce(d.sent_message, 0)`);
    return rows.map((row) => [row.server_name, row.newest]);
  },

  /**
   * Removes what every destination has acknowledged, and what a newer message to the same ones has made obsolete. Of messages
   * without a key, which nothing makes obsolete, also those that only wait for servers that have been away since before `longAgo`.
   * Resolves to the number of rows removed.
   */
  trim: (db: Database, upTo: number, longAgo: UnixMillis): Promise<number> =>
    db.run(sql`
      DELETE FROM outbox_messages m
       WHERE position <= ${upTo} AND (
         NOT EXISTS (
           SELECT FROM unnest(destinations) AS addressed (server_name)
             LEFT JOIN destinations d USING (server_name)
            WHERE coalesce(d.sent_message, 0) < m.position
              AND (m.message_key IS NOT NULL OR coalesce(d.failing_since, ${longAgo}) >= ${longAgo}))
         OR EXISTS (
           SELECT FROM outbox_messages newer
            WHERE newer.message_key = m.message_key AND newer.position > m.position
              AND newer.position <= ${upTo} AND newer.destinations @> m.destinations))`),

  async lastPosition(tx: ReadTx): Promise<number> {
    const [row] = await tx.rows<{ last: number | null }>(sql`
      SELECT greatest((SELECT max(position) FROM outbox_messages), (SELECT max(sent_message) FROM destinations)) AS last`);
    return row?.last ?? 0;
  },
};

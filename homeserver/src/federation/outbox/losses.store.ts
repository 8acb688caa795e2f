import type { ServerName } from '@holm/spec/ids';
import type { UnixMillis } from '../../platform/clock.ts';
import type { Database } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';

interface Row {
  readonly server: ServerName;
  readonly lost_since: UnixMillis;
}

/** Since when servers have missed what can be said to them again. */
export const lossesStore = {
  async all(db: Database): Promise<Map<ServerName, UnixMillis>> {
    const rows = await db.rows<Row>(sql`SELECT server, lost_since FROM outbox_losses`);
    return new Map(rows.map(({ server, lost_since: since }) => [server, since]));
  },

  async put(db: Database, server: ServerName, since: UnixMillis | undefined): Promise<void> {
    await db.run(
      since === undefined
        ? named('losses.remove', sql`DELETE FROM outbox_losses WHERE server = ${server}`)
        : named(
            'losses.put',
            sql`INSERT INTO outbox_losses (server, lost_since) VALUES (${server}, ${since})
                ON CONFLICT (server) DO UPDATE SET lost_since = EXCLUDED.lost_since`,
          ),
    );
  },
};

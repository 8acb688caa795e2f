import type { ServerName } from '@holm/spec/ids';
import type { UnixMillis } from '../../platform/clock.ts';
import type { Database } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { BackOff } from './back-off.ts';

interface Row {
  readonly server_name: ServerName;
  readonly failing_since: UnixMillis;
  readonly retry_at: UnixMillis;
  readonly retry_interval_ms: number;
}

/** The servers that cannot be reached. Of the others this table remembers only what they were sent. */
export const destinationsStore = {
  async failing(db: Database): Promise<(readonly [ServerName, BackOff])[]> {
    const rows = await db.rows<Row>(sql`
      SELECT server_name, failing_since, retry_at, retry_interval_ms
        FROM destinations WHERE failing_since IS NOT NULL`);
    return rows.map((row) => [
      row.server_name,
      { failingSince: row.failing_since, retryAt: row.retry_at, intervalMs: row.retry_interval_ms },
    ]);
  },

  async put(db: Database, server: ServerName, backOff: BackOff | undefined): Promise<void> {
    const { failingSince = null, retryAt = null, intervalMs = null } = backOff ?? {};
    await db.run(
      named(
        'destinations.put',
        sql`
      INSERT INTO destinations (server_name, failing_since, retry_at, retry_interval_ms)
      VALUES (${server}, ${failingSince}, ${retryAt}, ${intervalMs})
      ON CONFLICT (server_name) DO UPDATE
        SET failing_since = EXCLUDED.failing_since, retry_at = EXCLUDED.retry_at,
            retry_interval_ms = EXCLUDED.retry_interval_ms`,
      ),
    );
  },
};

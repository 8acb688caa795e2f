import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../storage/database.ts';
import { sql } from '../../storage/sql.ts';

/** Clients repeat a request for minutes, after a long sleep for hours. A week is more than any of them. */
const KEPT_MS = 7 * 24 * 3_600_000;

/**
 * Forgets transaction ids that no client will repeat.
 *
 * The rows have no time of their own, to be small. Instead every run notes which event number was the newest then; what
 * is below a note of a week ago is a week old.
 */
export const expireTransactions = async (db: Database, clock: Clock): Promise<void> => {
  const now = clock.now();
  await db.transact(async (tx) => {
    await tx.run(sql`
      INSERT INTO txn_marks (at, event_nid)
      SELECT ${now}, max(event_nid) FROM send_txns HAVING max(event_nid) IS NOT NULL
      ON CONFLICT DO NOTHING`);
    const [old] = await tx.rows<{ event_nid: number }>(sql`
      SELECT event_nid FROM txn_marks WHERE at <= ${now - KEPT_MS} ORDER BY at DESC LIMIT 1`);
    if (!old) return;
    await tx.run(sql`DELETE FROM send_txns WHERE event_nid <= ${old.event_nid}`);
    await tx.run(sql`DELETE FROM txn_marks WHERE at <= ${now - KEPT_MS}`);
  });
};

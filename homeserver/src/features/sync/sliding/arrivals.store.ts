import type { EventNid } from '../../../rooms/model.ts';
import type { ReadTx } from '../../../storage/database.ts';
import { named, sql } from '../../../storage/sql.ts';

interface ReplacedRow {
  readonly event_nid: EventNid;
  readonly replaces: EventNid;
}

export const arrivalsStore = {
  /** Of events those that took the place of another one, without what they say. */
  replaced: (tx: ReadTx, events: readonly EventNid[]): Promise<ReplacedRow[]> =>
    tx.rows(
      named(
        'arrivals.replaced',
        sql`SELECT event_nid, replaces FROM events
             WHERE event_nid = ANY(${events}::bigint[]) AND replaces IS NOT NULL`,
      ),
    ),
};

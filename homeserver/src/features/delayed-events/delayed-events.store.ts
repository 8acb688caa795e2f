import type { RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Stickiness } from '../../core/events/sticky.ts';
import type { Database, ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import { type DelayedEvent, type Finalised, OUTCOMES, type Place } from './delayed-event.ts';

interface Row {
  readonly delay_id: string;
  readonly user_id: UserId;
  readonly room_id: RoomId;
  readonly type: string;
  readonly state_key: string | null;
  readonly content: string;
  readonly sticky: string | null;
  readonly delay_ms: number;
  readonly since: number;
  readonly due: number;
  readonly outcome: number | null;
  readonly by_action: boolean | null;
  readonly finalised_at: number | null;
  readonly event_id: string | null;
  readonly error: string | null;
}

/** How a user stands to the limit, and to a request that may have been made before. */
export interface Standing {
  /** What an earlier request of the same name was answered. */
  readonly known: string | undefined;
  /** When enough of those that wait are due for there to be room for one more; absent if there is. */
  readonly fullUntil: number | undefined;
}

const COLUMNS = `delay_id, user_id, room_id, type, state_key, content, sticky, delay_ms, since, due, outcome, by_action,
  finalised_at, event_id, error`;

export const delayedEventsStore = {
  async put(db: Database, event: DelayedEvent, txn: Buffer | undefined): Promise<void> {
    const { delayId, userId, roomId, type, stateKey, content, sticky, delayMs, since, due } = event;
    await db.run(
      named(
        'delayed.put',
        sql`INSERT INTO delayed_events
                   (delay_id, user_id, room_id, type, state_key, content, sticky, delay_ms, since, due, txn)
            VALUES (${delayId}, ${userId}, ${roomId}, ${type}, ${stateKey ?? null}, ${JSON.stringify(content)},
                    ${sticky ? JSON.stringify(sticky) : null}, ${delayMs}, ${since}, ${due}, ${txn ?? null})`,
      ),
    );
  },

  async standing(tx: ReadTx, userId: UserId, txn: Buffer | undefined, max: number): Promise<Standing> {
    const [row] = await tx.rows<{ known: string | null; full_until: number | null }>(
      named(
        'delayed.standing',
        sql`SELECT (SELECT delay_id FROM delayed_events WHERE txn = ${txn ?? null}) AS known,
                   (SELECT due FROM delayed_events WHERE user_id = ${userId} AND outcome IS NULL
                     ORDER BY due DESC OFFSET ${max - 1} LIMIT 1) AS full_until`,
      ),
    );
    return { known: row?.known ?? undefined, fullUntil: row?.full_until ?? undefined };
  },

  async get(tx: ReadTx, delayId: string): Promise<DelayedEvent | undefined> {
    const [row] = await tx.rows<Row>(
      named('delayed.get', { text: `SELECT ${COLUMNS} FROM delayed_events WHERE delay_id = $1`, values: [delayId] }),
    );
    return row && fromRow(row);
  },

  /** False if it does not wait any more. */
  async restart(db: Database, delayId: string, now: number): Promise<boolean> {
    const changed = await db.run(
      named(
        'delayed.restart',
        sql`UPDATE delayed_events SET since = ${now}, due = ${now}::bigint + delay_ms
             WHERE delay_id = ${delayId} AND outcome IS NULL`,
      ),
    );
    return changed > 0;
  },

  async finalise(db: Database, delayId: string, over: Finalised): Promise<void> {
    const { outcome, byAction, at, eventId, error } = over;
    await db.run(
      named(
        'delayed.finalise',
        sql`UPDATE delayed_events
               SET outcome = ${OUTCOMES.indexOf(outcome)}, by_action = ${byAction}, finalised_at = ${at},
                   event_id = ${eventId ?? null}, error = ${error ? JSON.stringify(error) : null}
             WHERE delay_id = ${delayId} AND outcome IS NULL`,
      ),
    );
  },

  /** What is due and is not being seen to already, in the order in which it is due. */
  async due(tx: ReadTx, now: number, busy: readonly string[], limit: number): Promise<DelayedEvent[]> {
    const rows = await tx.rows<Row>(
      named('delayed.due', {
        text: `SELECT ${COLUMNS} FROM delayed_events
                WHERE outcome IS NULL AND due <= $1 AND delay_id <> ALL($2::text[])
                ORDER BY due, since, delay_id LIMIT $3`,
        values: [now, busy, limit],
      }),
    );
    return rows.map(fromRow);
  },

  /** When the next one is due that is not due yet. */
  async nextDue(tx: ReadTx, now: number): Promise<number | undefined> {
    const [row] = await tx.rows<{ due: number | null }>(
      named('delayed.next', sql`SELECT min(due) AS due FROM delayed_events WHERE outcome IS NULL AND due > ${now}`),
    );
    return row?.due ?? undefined;
  },

  /** A user's, in the order in which they are or were due. */
  async page(
    tx: ReadTx,
    userId: UserId,
    isOver: boolean | undefined,
    {
      after,
      limit,
    }: {
      readonly after: Place | undefined;
      readonly limit: number;
    },
  ): Promise<DelayedEvent[]> {
    const rows = await tx.rows<Row>(
      named('delayed.page', {
        text: `SELECT ${COLUMNS} FROM delayed_events
                WHERE user_id = $1 AND ($2::boolean IS NULL OR (outcome IS NOT NULL) = $2)
                  AND (due, delay_id) > ($3::bigint, $4::text COLLATE "C")
                ORDER BY due, delay_id LIMIT $5`,
        values: [userId, isOver ?? null, after?.due ?? -1, after?.delayId ?? '', limit],
      }),
    );
    return rows.map(fromRow);
  },

  /** Which events of ours came of which delays, the newest `limit`. */
  sent: (tx: ReadTx, limit: number): Promise<{ readonly event_nid: number; readonly delay_id: string }[]> =>
    tx.rows(sql`
      SELECT e.event_nid, d.delay_id
        FROM (SELECT event_id, delay_id, finalised_at FROM delayed_events
               WHERE outcome = ${OUTCOMES.indexOf('sent')} ORDER BY finalised_at DESC LIMIT ${limit}) d
        JOIN events e USING (event_id) ORDER BY d.finalised_at`),

  /** Forgets what was over before, and all but the newest `perUser` of each user. */
  async trim(db: Database, before: number, perUser: number): Promise<number> {
    return db.run(sql`
      DELETE FROM delayed_events WHERE delay_id IN (
        SELECT delay_id FROM (
          SELECT delay_id, finalised_at, row_number() OVER (PARTITION BY user_id ORDER BY finalised_at DESC) AS place
            FROM delayed_events WHERE outcome IS NOT NULL) over
         WHERE finalised_at <= ${before} OR place > ${perUser})`);
  },

  removeOf: (db: Database, userId: UserId): Promise<number> =>
    db.run(sql`DELETE FROM delayed_events WHERE user_id = ${userId}`),
};

const fromRow = (row: Row): DelayedEvent => ({
  delayId: row.delay_id,
  userId: row.user_id,
  roomId: row.room_id,
  type: row.type,
  stateKey: row.state_key ?? undefined,
  content: JSON.parse(row.content) as JsonObject,
  sticky: row.sticky === null ? undefined : (JSON.parse(row.sticky) as Stickiness),
  delayMs: row.delay_ms,
  since: row.since,
  due: row.due,
  finalised: finalisedFrom(row),
});

const finalisedFrom = (row: Row): Finalised | undefined => {
  const outcome = row.outcome === null ? undefined : OUTCOMES[row.outcome];
  if (outcome === undefined) return undefined;
  return {
    outcome,
    byAction: row.by_action ?? false,
    at: row.finalised_at ?? 0,
    eventId: row.event_id ?? undefined,
    error: row.error === null ? undefined : (JSON.parse(row.error) as JsonObject),
  };
};

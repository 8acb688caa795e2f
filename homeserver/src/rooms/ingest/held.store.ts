import type { EventId, ServerName } from '@holm/spec/ids';
import type { ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { RoomNid } from '../model.ts';

export interface HeldRow {
  readonly room_nid: RoomNid;
  readonly event_id: EventId;
  readonly origin: ServerName;
  readonly json: string;
}

export interface ToHold {
  readonly id: EventId;
  readonly waitsFor: readonly EventId[];
  readonly json: string;
}

export interface HoldLimits {
  readonly retryAt: number;
  readonly inRoom: number;
  readonly inAll: number;
}

/** A list of ids as it goes into an array of arrays, which Postgres has not. */
const asList = (ids: readonly EventId[]): string => JSON.stringify(ids);

export const heldStore = {
  async rooms(tx: ReadTx): Promise<RoomNid[]> {
    const rows = await tx.rows<{ room_nid: RoomNid }>(
      named('held.rooms', sql`SELECT DISTINCT room_nid FROM held_events`),
    );
    return rows.map((row) => row.room_nid);
  },

  /** As many as there is room for. */
  async put(
    tx: ReadTx,
    { room, origin }: { readonly room: RoomNid; readonly origin: ServerName },
    events: readonly ToHold[],
    { retryAt, inRoom, inAll }: HoldLimits,
  ): Promise<void> {
    await tx.rows(
      named(
        'held.put',
        sql`INSERT INTO held_events (room_nid, event_id, origin, waits_for, retry_at, json)
            SELECT ${room}::int, u.event_id, ${origin}::text,
                   ARRAY(SELECT jsonb_array_elements_text(u.waits_for::jsonb)), ${retryAt}::bigint, u.json
              FROM unnest(${events.map(({ id }) => id)}::text[], ${events.map(({ waitsFor }) => asList(waitsFor))}::text[],
                          ${events.map(({ json }) => json)}::text[]) AS u(event_id, waits_for, json)
             WHERE (SELECT count(*) FROM held_events) < ${inAll}
             LIMIT greatest(0, ${inRoom} - (SELECT count(*) FROM held_events WHERE room_nid = ${room}::int))
            ON CONFLICT (room_nid, event_id) DO UPDATE SET waits_for = EXCLUDED.waits_for`,
      ),
    );
  },

  async count(tx: ReadTx): Promise<number> {
    const [row] = await tx.rows<{ count: number }>(
      named('held.count', sql`SELECT count(*)::int AS count FROM held_events`),
    );
    return row?.count ?? 0;
  },

  async drop(tx: ReadTx, room: RoomNid, ids: readonly EventId[]): Promise<void> {
    await tx.rows(
      named('held.drop', sql`DELETE FROM held_events WHERE room_nid = ${room} AND event_id = ANY(${ids}::text[])`),
    );
  },

  /** Those that wait for one of `ids`. */
  waitingFor: (tx: ReadTx, room: RoomNid, ids: readonly EventId[]): Promise<HeldRow[]> =>
    tx.rows(
      named(
        'held.waiting_for',
        sql`SELECT room_nid, event_id, origin, json FROM held_events
             WHERE room_nid = ${room} AND waits_for && ${ids}::text[]`,
      ),
    ),

  /** Those whose time has come; the next one is put off, each time for `factor` times as long. */
  due: (
    tx: ReadTx,
    { now, firstMs, factor, limit }: { readonly now: number; readonly firstMs: number; readonly factor: number; readonly limit: number },
  ): Promise<HeldRow[]> =>
    tx.rows(
      named(
        'held.due',
        sql`UPDATE held_events h
               SET attempts = h.attempts + 1, retry_at = ${now} + ${firstMs}::bigint * (${factor}::int ^ (h.attempts + 1))::bigint
             WHERE (h.room_nid, h.event_id) IN
                   (SELECT room_nid, event_id FROM held_events WHERE retry_at <= ${now} ORDER BY retry_at LIMIT ${limit})
            RETURNING h.room_nid, h.event_id, h.origin, h.json`,
      ),
    ), // prettier-ignore

  async giveUp(tx: ReadTx, attempts: number): Promise<void> {
    await tx.rows(named('held.give_up', sql`DELETE FROM held_events WHERE attempts >= ${attempts}`));
  },
};

import type { EventId, ServerName } from '@holm/spec/ids';
import type { ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { RoomNid } from '../model.ts';

export interface HeldRow {
  readonly room_nid: RoomNid;
  readonly event_id: EventId;
  readonly origin: ServerName;
  readonly waits_for: readonly Needed[];
  readonly json: string;
}

/** An event that is missing, or a server that does not say what its keys are: no server's name begins with `$`. */
export type Needed = EventId | ServerName;

export interface ToHold {
  readonly id: EventId;
  readonly waitsFor: readonly Needed[];
  readonly json: string;
}

export interface HoldLimits {
  readonly inRoom: number;
  readonly ofOrigin: number;
  readonly inAll: number;
}

/** A list of ids as it goes into an array of arrays, which Postgres has not. */
const asList = (ids: readonly Needed[]): string => JSON.stringify(ids);

export const heldStore = {
  async rooms(tx: ReadTx): Promise<RoomNid[]> {
    const rows = await tx.rows<{ room_nid: RoomNid }>(
      named('held.rooms', sql`SELECT DISTINCT room_nid FROM held_events`),
    );
    return rows.map((row) => row.room_nid);
  },

  async put(
    tx: ReadTx,
    { room, origin, retryAt }: { readonly room: RoomNid; readonly origin: ServerName; readonly retryAt: number },
    { events, replaces }: { readonly events: readonly ToHold[]; readonly replaces: boolean },
  ): Promise<void> {
    await tx.rows(
      named(
        'held.put',
        sql`INSERT INTO held_events (room_nid, event_id, origin, waits_for, retry_at, json)
            SELECT ${room}::int, u.event_id, ${origin}::text,
                   ARRAY(SELECT jsonb_array_elements_text(u.waits_for::jsonb)), ${retryAt}::bigint, u.json
              FROM unnest(${events.map(({ id }) => id)}::text[], ${events.map(({ waitsFor }) => asList(waitsFor))}::text[],
                          ${events.map(({ json }) => json)}::text[]) AS u(event_id, waits_for, json)
            ON CONFLICT (room_nid, event_id) DO UPDATE SET waits_for = EXCLUDED.waits_for, json = EXCLUDED.json WHERE ${replaces}::bool`,
      ),
    );
  },

  /**
   * Makes room: of one server the oldest go; and of a room, and of all, the oldest of whoever has most there, so that a
   * flood pushes out nothing but itself.
   */
  async trim(
    tx: ReadTx,
    { room, origin }: { readonly room: RoomNid; readonly origin: ServerName },
    { inRoom, ofOrigin, inAll }: HoldLimits,
  ): Promise<void> {
    await tx.rows(
      named(
        'held.trim_origin',
        sql`DELETE FROM held_events WHERE origin = ${origin} AND held_no <= (
              SELECT held_no FROM held_events WHERE origin = ${origin} ORDER BY held_no DESC OFFSET ${ofOrigin} LIMIT 1)`,
      ),
    );
    await tx.rows(
      named(
        'held.trim_room',
        sql`DELETE FROM held_events WHERE held_no IN (
              SELECT held_no FROM (SELECT held_no, row_number() OVER (PARTITION BY origin ORDER BY held_no DESC) AS place
                                     FROM held_events WHERE room_nid = ${room}) ranked
               ORDER BY place, held_no OFFSET ${inRoom})`,
      ),
    );
    await tx.rows(
      named(
        'held.trim_all',
        sql`DELETE FROM held_events WHERE (SELECT count(*) FROM held_events) > ${inAll} AND held_no IN (
              SELECT held_no FROM (SELECT held_no, row_number() OVER (PARTITION BY origin ORDER BY held_no DESC) AS place
                                     FROM held_events) ranked
               ORDER BY place, held_no OFFSET ${inAll})`,
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
        sql`SELECT room_nid, event_id, origin, waits_for, json FROM held_events
             WHERE room_nid = ${room} AND waits_for && ${ids}::text[]`,
      ),
    ),

  /** Those that wait for a server's keys, the oldest first. */
  waitingForKeys: (tx: ReadTx, server: ServerName, limit: number): Promise<HeldRow[]> =>
    tx.rows(
      named(
        'held.waiting_for_keys',
        sql`SELECT room_nid, event_id, origin, waits_for, json FROM held_events
             WHERE waits_for && ARRAY[${server}::text] ORDER BY held_no LIMIT ${limit}`,
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
            RETURNING h.room_nid, h.event_id, h.origin, h.waits_for, h.json`,
      ),
    ), // prettier-ignore

  async giveUp(tx: ReadTx, attempts: number): Promise<void> {
    await tx.rows(named('held.give_up', sql`DELETE FROM held_events WHERE attempts >= ${attempts}`));
  },
};

import type { RoomId, ServerName } from '@holm/spec/ids';
import type { Clock } from '../../platform/clock.ts';
import type { Database, ReadTx } from '../../storage/database.ts';
import { sql } from '../../storage/sql.ts';
import type { RoomNid } from '../model.ts';
import type { RoomJobs } from './jobs.ts';

const DAY_MS = 24 * 3_600_000;
/** A room that is being made or joined has nobody in it for a moment. */
const LEAST_MS = 3_600_000;
const PAGE = 500;
/** Rooms that are given up in one go; the rest comes the next time. */
const MAX_REMOVED = 1_000;

const store = {
  /** The next rooms, and whether anybody of this server has anything to do with them. */
  page: (tx: ReadTx, after: RoomNid, us: ServerName): Promise<{ room_nid: RoomNid; is_vacant: boolean }[]> =>
    tx.rows(sql`
      SELECT r.room_nid, NOT EXISTS (
               SELECT FROM memberships m
                WHERE m.room_nid = r.room_nid AND m.server = ${us}
                  AND (m.membership IN ('join', 'invite', 'knock') OR NOT m.forgotten)) AS is_vacant
        FROM rooms r WHERE r.room_nid > ${after} ORDER BY r.room_nid LIMIT ${PAGE}`),

  async note(db: Database, vacant: readonly RoomNid[], others: readonly RoomNid[], now: number): Promise<void> {
    await db.run(sql`
      INSERT INTO room_vacancies (room_nid, since) SELECT room_nid, ${now}::bigint FROM unnest(${vacant}::int[]) AS u(room_nid)
      ON CONFLICT DO NOTHING`);
    await db.run(sql`DELETE FROM room_vacancies WHERE room_nid = ANY(${others}::int[])`);
  },

  async longVacant(tx: ReadTx, before: number): Promise<RoomId[]> {
    const rows = await tx.rows<{ room_id: RoomId }>(sql`
      SELECT r.room_id FROM room_vacancies v JOIN rooms r USING (room_nid)
       WHERE v.since <= ${before} ORDER BY v.since LIMIT ${MAX_REMOVED}`);
    return rows.map(({ room_id }) => room_id);
  },
};

export interface VacanciesDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly serverName: ServerName;
  readonly jobs: Pick<RoomJobs, 'add'>;
  readonly keptDays: number | 'forever';
}

/**
 * Rooms that nobody here has anything to do with any more: all users of this server have left and forgotten them, or
 * none ever got in. Those that stay so are removed.
 */
export class Vacancies {
  readonly #deps: VacanciesDeps;

  constructor(deps: VacanciesDeps) {
    this.#deps = deps;
  }

  /** Resolves to the number of rooms that are given up. */
  async run(): Promise<number> {
    const { db, clock, serverName, jobs, keptDays } = this.#deps;
    if (keptDays === 'forever') return 0;
    for (let after = -1; ;) {
      const rooms = await store.page(db, after, serverName);
      const nidsOf = (isVacant: boolean) => rooms.filter((room) => room.is_vacant === isVacant).map((r) => r.room_nid);
      await store.note(db, nidsOf(true), nidsOf(false), clock.now());
      if (rooms.length < PAGE) break;
      after = rooms.at(-1)?.room_nid ?? after;
    }
    const old = await store.longVacant(db, clock.now() - Math.max(keptDays * DAY_MS, LEAST_MS));
    for (const roomId of old) {
      await jobs.add({ roomId, kind: 'purge room', options: { only_vacant: true }, requestedBy: undefined });
    }
    return old.length;
  }
}

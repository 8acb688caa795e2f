import type { RoomId, UserId } from '@holm/spec/ids';
import type { Clock } from '../../platform/clock.ts';
import type { Database, ReadTx } from '../../storage/database.ts';
import { sql } from '../../storage/sql.ts';
import type { RoomEngine } from '../engine.ts';
import type { RoomNid } from '../model.ts';
import { evictAll } from './evict.ts';
import type { Outcome, Shift } from './jobs.ts';
import type { Job } from './job.ts';
import { roomTables } from './room-tables.ts';

/** How long other servers get to hear that we have left, and how often we look. */
const FAREWELL_MS = 10 * 60_000;
const LOOK_AGAIN_MS = 5_000;
/** For answers to clients that are being made while the room goes. */
const GRACE_MS = 2_000;

export interface RoomPurgeDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly engine: RoomEngine;
  /** Whether somebody of this server is just getting into the room by another server. */
  readonly isBeingJoined: (roomId: RoomId) => boolean;
  /** Removes from the outbox what everybody has got. */
  readonly trimOutbox: () => Promise<unknown>;
}

const store = {
  async nid(tx: ReadTx, roomId: RoomId): Promise<RoomNid | undefined> {
    const [row] = await tx.rows<{ room_nid: RoomNid }>(sql`SELECT room_nid FROM rooms WHERE room_id = ${roomId}`);
    return row?.room_nid;
  },

  async isBeingSent(tx: ReadTx, room: RoomNid): Promise<boolean> {
    const rows = await tx.rows(sql`
      SELECT 1 FROM outbox o JOIN events e ON e.event_nid = o.event_nid WHERE e.room_nid = ${room} LIMIT 1`);
    return rows.length > 0;
  },

  async isVacant(tx: ReadTx, room: RoomNid, us: string): Promise<boolean> {
    const rows = await tx.rows(sql`
      SELECT 1 FROM memberships WHERE room_nid = ${room} AND server = ${us}
         AND (membership IN ('join', 'invite', 'knock') OR NOT forgotten) LIMIT 1`);
    return rows.length === 0;
  },

  /** From here on the room is none that this server knows. Resolves to its users. */
  async close(tx: ReadTx, room: RoomNid, us: string): Promise<{ user: UserId; hasForgotten: boolean }[]> {
    await tx.rows(sql`DELETE FROM room_heads WHERE room_nid = ${room}`);
    return tx.rows<{ user: UserId; hasForgotten: boolean }>(sql`
      DELETE FROM memberships WHERE room_nid = ${room} AND server = ${us}
      RETURNING user_id AS "user", forgotten AS "hasForgotten"`);
  },

  removeOutbox: (db: Database, room: RoomNid): Promise<number> =>
    db.run(sql`DELETE FROM outbox o USING events e WHERE e.event_nid = o.event_nid AND e.room_nid = ${room}`),

  async eventRange(tx: ReadTx, room: RoomNid): Promise<readonly [number, number]> {
    const [row] = await tx.rows<{ first: number | null; last: number | null }>(sql`
      SELECT min(first) AS first, max(last) AS last FROM (
        SELECT min(event_nid) AS first, max(event_nid) AS last FROM events WHERE room_nid = ${room} AND ord IS NULL
         UNION ALL
        SELECT min(event_nid), max(event_nid) FROM events WHERE room_nid = ${room} AND ord IS NOT NULL) AS parts`);
    return [row?.first ?? 0, row?.last ?? -1];
  },

  /** Transactions of clients that led to events which are gone. */
  removeTxns: (db: Database, [first, last]: readonly [number, number]): Promise<number> =>
    db.run(sql`
      DELETE FROM send_txns t
       WHERE t.event_nid BETWEEN ${first} AND ${last}
         AND NOT EXISTS (SELECT FROM events e WHERE e.event_nid = t.event_nid)`),

  removeRoom: (db: Database, room: RoomNid): Promise<number> => db.run(sql`DELETE FROM rooms WHERE room_nid = ${room}`),
};

/**
 * Removes a room and everything that belongs to it. Each phase can be repeated, so a restart costs nothing but time:
 *
 * 1. Nobody gets in any more. Our users leave, if that is asked for, and other servers are told.
 * 2. The room is closed: it is one that this server does not know.
 * 3. Its rows go, a batch at a time, and at last its name. After that it can be joined as if it had never been here.
 */
export class RoomPurge {
  readonly #deps: RoomPurgeDeps;

  constructor(deps: RoomPurgeDeps) {
    this.#deps = deps;
  }

  work = async (job: Job, shift: Shift): Promise<Outcome> => {
    const nid = await store.nid(this.#deps.db, job.roomId);
    if (job.progress['phase'] === undefined) return this.#start(job, nid, shift);
    if (job.progress['phase'] === 'saying goodbye') return this.#leave(job, nid, shift);
    if (nid !== undefined) await this.#remove(job, nid, shift);
    return this.#finish(job);
  };

  async #start(job: Job, nid: RoomNid | undefined, shift: Shift): Promise<Outcome> {
    const { engine, isBeingJoined } = this.#deps;
    // Whoever is on the way in is waited for: they would arrive in what is left of the room.
    await engine.holds.refresh();
    if (isBeingJoined(job.roomId)) return { later: LOOK_AGAIN_MS };
    if (nid !== undefined && job.options['evict'] === true) await this.#evict(job);
    await shift.report({ phase: 'saying goodbye' });
    return { later: 0 };
  }

  async #leave(job: Job, nid: RoomNid | undefined, shift: Shift): Promise<Outcome> {
    if (nid !== undefined) {
      if (await this.#isBeingTold(job, nid)) return { later: LOOK_AGAIN_MS };
      if (!(await this.#close(job, nid))) return 'done';
    }
    await shift.report({ phase: 'removing' });
    return { later: GRACE_MS };
  }

  async #finish({ roomId }: Job): Promise<Outcome> {
    const { db, engine } = this.#deps;
    for (const table of await roomTables.withColumn(db, 'room_id')) await roomTables.removeNamed(db, table, roomId);
    engine.rooms.forget(roomId);
    return 'done';
  }

  async #evict({ roomId, options: { reason } }: Job): Promise<void> {
    const { db, engine } = this.#deps;
    const room = await engine.rooms.byId(roomId);
    if (room?.head) await evictAll(engine, db, room, typeof reason === 'string' ? reason : undefined);
  }

  async #isBeingTold({ createdAt }: Job, nid: RoomNid): Promise<boolean> {
    const { db, clock, trimOutbox } = this.#deps;
    if (clock.now() - createdAt > FAREWELL_MS) return false;
    await trimOutbox();
    return store.isBeingSent(db, nid);
  }

  /** In the room's queue, so that nothing is being built on what goes. False for a room that is to be kept. */
  #close(job: Job, nid: RoomNid): Promise<boolean> {
    return this.#deps.engine.queue.run(nid, () => this.#closeNow(job, nid));
  }

  async #closeNow({ roomId, options }: Job, nid: RoomNid): Promise<boolean> {
    const { db, engine } = this.#deps;
    const position = await engine.committer.claim();
    let users: readonly UserId[] = [];
    try {
      const closed = await db.transact(async (tx) => {
        if (options['only_vacant'] === true && !(await store.isVacant(tx, nid, engine.serverName))) return undefined;
        const gone = await store.close(tx, nid, engine.serverName);
        // Devices of who had forgotten the room have heard of that already, or will.
        const left = gone.flatMap(({ user, hasForgotten }) => (hasForgotten ? [] : [user]));
        await engine.departures.note(left, roomId, position, tx);
        return gone.map(({ user }) => user);
      });
      if (!closed) return false;
      users = closed;
      for (const user of users) engine.userRooms.removed(user, nid);
      this.#dropCaches(nid);
      return true;
    } finally {
      engine.committer.release([position]);
      engine.committer.wake(position, users);
    }
  }

  async #remove(job: Job, nid: RoomNid, shift: Shift): Promise<void> {
    const { db } = this.#deps;
    await store.removeOutbox(db, nid);
    const range = await store.eventRange(db, nid);
    let removed = Number(job.progress['rows'] ?? 0);
    for (const table of await roomTables.withColumn(db, 'room_nid')) {
      for (;;) {
        const rows = await roomTables.removeSome(db, table, nid);
        removed += rows;
        await shift.report({ phase: 'removing', rows: removed, table });
        if (rows === 0) break;
      }
    }
    await store.removeTxns(db, range);
    this.#dropCaches(nid);
    await store.removeRoom(db, nid);
  }

  #dropCaches(nid: RoomNid): void {
    const { rooms, authGraphs, events } = this.#deps.engine;
    rooms.drop(nid);
    authGraphs.drop(nid);
    events.forgetRoom(nid);
  }
}

import { MatrixError } from '@holm/spec/errors';
import type { RoomId } from '@holm/spec/ids';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../storage/database.ts';
import { sql } from '../../storage/sql.ts';

/**
 * `blocked`: nobody of this server gets into the room. `quarantined`: nothing happens in it any more either, neither from
 * here nor from other servers.
 */
export type HoldKind = 'blocked' | 'quarantined';

export interface Hold {
  readonly roomId: RoomId;
  readonly kind: HoldKind;
  /** Whether members may still read it. */
  readonly readable: boolean;
  readonly reason: string | undefined;
  readonly setBy: string;
  readonly setAt: number;
}

interface HoldRow {
  readonly room_id: RoomId;
  readonly kind: HoldKind;
  readonly readable: boolean;
  readonly reason: string | null;
  readonly set_by: string;
  readonly set_at: number;
}

const fromRow = (row: HoldRow): Hold => ({
  roomId: row.room_id,
  kind: row.kind,
  readable: row.readable,
  reason: row.reason ?? undefined,
  setBy: row.set_by,
  setAt: row.set_at,
});

/** Rooms that an administrator has put a stop to. All of them are in memory: every event asks. */
export class Holds {
  readonly #db: Database;
  readonly #clock: Clock;
  #holds: ReadonlyMap<RoomId, Hold> = new Map();
  /** Rooms that are being removed: nobody may enter while a part of what was is still there. */
  #leaving: ReadonlySet<RoomId> = new Set();

  /** Changes with what is held. */
  version = 0;
  #known = '';

  /** One after the other, so that what was read earlier never takes the place of what was read later. */
  #reading: Promise<void> = Promise.resolve();

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Takes up what the tables say: at the start, and now and then for what another process has said. */
  refresh(): Promise<void> {
    const read = this.#reading.then(() => this.#read());
    this.#reading = read.catch(() => undefined);
    return read;
  }

  async #read(): Promise<void> {
    const holds = await this.#db.rows<HoldRow>(sql`SELECT * FROM room_holds`);
    const leaving = await this.#db.rows<{ room_id: RoomId }>(
      // A purge that failed has left a part of the room.
      sql`SELECT room_id FROM (
            SELECT DISTINCT ON (room_id) room_id, state FROM room_jobs WHERE kind = 'purge room'
             ORDER BY room_id, job_id DESC) AS newest
           WHERE state <> 'done'`,
    );
    const known = JSON.stringify(holds);
    if (known !== this.#known) this.version += 1;
    this.#known = known;
    this.#holds = new Map(holds.map((row) => [row.room_id, fromRow(row)]));
    this.#leaving = new Set(leaving.map(({ room_id }) => room_id));
  }

  of(roomId: RoomId): Hold | undefined {
    return this.#holds.get(roomId);
  }

  async put(hold: Pick<Hold, 'roomId' | 'kind' | 'readable' | 'reason'>, by: string): Promise<Hold> {
    const { roomId, kind, readable, reason } = hold;
    await this.#db.run(sql`
      INSERT INTO room_holds (room_id, kind, readable, reason, set_by, set_at)
      VALUES (${roomId}, ${kind}, ${readable}, ${reason ?? null}, ${by}, ${this.#clock.now()})
      ON CONFLICT (room_id) DO UPDATE
         SET kind = EXCLUDED.kind, readable = EXCLUDED.readable, reason = EXCLUDED.reason, set_by = EXCLUDED.set_by,
             set_at = EXCLUDED.set_at`);
    await this.refresh();
    return { ...hold, setBy: by, setAt: this.#clock.now() };
  }

  /** False when there is none. */
  async lift(roomId: RoomId): Promise<boolean> {
    const removed = await this.#db.run(sql`DELETE FROM room_holds WHERE room_id = ${roomId}`);
    await this.refresh();
    return removed > 0;
  }

  /** Whether nothing is taken in or sent. */
  isStopped(roomId: RoomId): boolean {
    return this.#holds.get(roomId)?.kind === 'quarantined';
  }

  isHidden(roomId: RoomId): boolean {
    return this.#holds.get(roomId)?.readable === false;
  }

  /** M_FORBIDDEN for a room in which nothing may happen. */
  assertOpen(roomId: RoomId): void {
    if (this.isStopped(roomId)) throw refusal('an administrator of this server has put this room in quarantine');
  }

  assertReadable(roomId: RoomId): void {
    if (this.isHidden(roomId)) throw refusal('an administrator of this server has closed this room to its members');
  }

  /** M_FORBIDDEN for a room that nobody of this server gets into. */
  assertEnterable(roomId: RoomId): void {
    this.assertOpen(roomId);
    if (this.#holds.has(roomId)) throw refusal('an administrator of this server has blocked this room');
    if (this.#leaving.has(roomId)) throw refusal('this room is being removed from this server; try again later');
  }
}

const refusal = (why: string) => new MatrixError('M_FORBIDDEN', why);

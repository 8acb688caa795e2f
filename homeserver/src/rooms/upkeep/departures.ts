import type { RoomId, UserId } from '@holm/spec/ids';
import { LRUCache } from 'lru-cache';
import { atMost } from '../../platform/at-most.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, ReadTx, Tx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { Position } from '../../streams/stream.ts';

/** A device that has been away for longer shows a room that is gone until it starts afresh. */
const KEPT_MS = 90 * 24 * 3_600_000;
const BATCH = 5_000;
const CACHED_USERS = 10_000;

type Gone = ReadonlyMap<RoomId, Position>;

const store = {
  async of(tx: ReadTx, user: UserId): Promise<Gone> {
    const rows = await tx.rows<{ room_id: RoomId; position: Position }>(
      named('departures.of_user', sql`SELECT room_id, position FROM room_departures WHERE user_id = ${user}`),
    );
    return new Map(rows.map((row) => [row.room_id, row.position]));
  },

  async last(tx: ReadTx): Promise<number> {
    const [row] = await tx.rows<{ last: number | null }>(sql`SELECT max(position) AS last FROM room_departures`);
    return row?.last ?? 0;
  },
};

/**
 * Rooms of which nothing is left that a user once was in: removed by an administrator, or forgotten. Devices that have
 * not heard of it are told that they have left; otherwise they would show these rooms for ever.
 */
export class Departures {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #cache = new LRUCache<UserId, Gone>(atMost(CACHED_USERS));
  #last = 0;
  /** Counts what may make out of date what is being read. */
  #changes = 0;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** To be called once, before anybody asks. */
  async load(): Promise<void> {
    this.#last = await store.last(this.#db);
  }

  /** False where nobody has anything to hear since then: nearly always, and without asking the database. */
  hasAnySince(position: Position): boolean {
    return position < this.#last;
  }

  /** The user's rooms that are gone, with when that became known. */
  async of(user: UserId): Promise<Gone> {
    const cached = this.#cache.get(user);
    if (cached) return cached;
    const changes = this.#changes;
    const gone = await store.of(this.#db, user);
    if (changes === this.#changes) this.#cache.set(user, gone);
    return gone;
  }

  async note(users: readonly UserId[], roomId: RoomId, position: Position, tx?: Tx): Promise<void> {
    if (users.length === 0) return;
    await (tx ?? this.#db).rows(sql`
      INSERT INTO room_departures (user_id, room_id, position, noted_at)
      SELECT user_id, ${roomId}, ${position}::bigint, ${this.#clock.now()}::bigint
        FROM unnest(${users}::text[]) AS u(user_id)
      ON CONFLICT (user_id, room_id) DO UPDATE SET position = EXCLUDED.position, noted_at = EXCLUDED.noted_at`);
    const noted = (): void => {
      this.#last = Math.max(this.#last, position);
      this.#forget(users);
    };
    if (tx) tx.afterCommit(noted);
    else noted();
  }

  /** Once something else is durable than what is remembered. */
  #forget(users: readonly UserId[]): void {
    this.#changes++;
    for (const user of users) this.#cache.delete(user);
  }

  async prune(): Promise<void> {
    const before = this.#clock.now() - KEPT_MS;
    const rows = await this.#db.rows<{ user_id: UserId }>(sql`
      DELETE FROM room_departures WHERE (user_id, room_id) IN (
        SELECT user_id, room_id FROM room_departures WHERE noted_at <= ${before} ORDER BY noted_at LIMIT ${BATCH})
      RETURNING user_id`);
    this.#forget(rows.map(({ user_id }) => user_id));
  }
}

import { maxLifetime, type RetentionRules } from '../../core/rooms/retention.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { RoomNid } from '../model.ts';
import type { Room } from '../room.ts';
import type { States } from '../state/states.ts';

export interface RetentionDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly states: States;
  /** Absent where everything is kept. */
  readonly rules: RetentionRules | undefined;
}

const store = {
  async floor(tx: ReadTx, room: RoomNid): Promise<number | undefined> {
    const [row] = await tx.rows<{ purged_before: number }>(
      named('floors.of_room', sql`SELECT purged_before FROM room_floors WHERE room_nid = ${room}`),
    );
    return row?.purged_before;
  },
};

/** From when on messages of a room are still there. */
export class Retention {
  readonly #deps: RetentionDeps;
  /** Whoever purges a room drops it from memory, and with it what is known here. */
  readonly #floors = new WeakMap<Room, number>();

  constructor(deps: RetentionDeps) {
    this.#deps = deps;
  }

  get rules(): RetentionRules | undefined {
    return this.#deps.rules;
  }

  /** What was sent before that has expired: it is not shown. Absent where nothing does. */
  async horizon(room: Room): Promise<number | undefined> {
    const { rules, clock, states } = this.#deps;
    if (rules === undefined || !room.head) return undefined;
    const wish = await states.get(room, room.head.snapshot, ['m.room.retention', '']);
    const lifetime = maxLifetime(wish?.event.content, rules);
    return lifetime === undefined ? undefined : clock.now() - lifetime;
  }

  /** What was sent before that is not fetched from others again: it has expired, or an administrator has removed it. */
  async floor(room: Room): Promise<number | undefined> {
    const horizon = await this.horizon(room);
    const known = this.#floors.get(room);
    const purged = known ?? (await store.floor(this.#deps.db, room.nid)) ?? -Infinity;
    if (known === undefined) this.#floors.set(room, purged);
    const floor = Math.max(horizon ?? -Infinity, purged);
    return floor === -Infinity ? undefined : floor;
  }
}

import { LRUCache } from 'lru-cache';
import type { Database, ReadTx } from '../../storage/database.ts';
import { sql } from '../../storage/sql.ts';
import type { RoomEngine } from '../engine.ts';
import type { RoomNid } from '../model.ts';
import { wellKnownKey } from '../state/well-known-keys.ts';
import type { MessagePurge } from './messages.ts';

/** Rooms that are looked up together; and how much of one room's timeline is looked at before the others' turn. */
const PAGE = 200;
const MAX_WINDOWS = 100;
const BOTTOM = Number.MIN_SAFE_INTEGER;
const WISH = wellKnownKey(['m.room.retention', '']) ?? -1;

const store = {
  async all(tx: ReadTx, after: RoomNid): Promise<RoomNid[]> {
    const rows = await tx.rows<{ room_nid: RoomNid }>(
      sql`SELECT room_nid FROM room_heads WHERE room_nid > ${after} ORDER BY room_nid LIMIT ${PAGE}`,
    );
    return rows.map(({ room_nid }) => room_nid);
  },

  async withWish(tx: ReadTx, after: RoomNid): Promise<RoomNid[]> {
    const rows = await tx.rows<{ room_nid: RoomNid }>(sql`
      SELECT room_nid FROM current_state WHERE key_number = ${WISH} AND room_nid > ${after}
       ORDER BY room_nid LIMIT ${PAGE}`);
    return rows.map(({ room_nid }) => room_nid);
  },
};

export interface ExpiryDeps {
  readonly db: Database;
  readonly engine: RoomEngine;
  readonly messages: MessagePurge;
}

/** Removes messages that have expired (MSC1763) from the disk. They are not shown any more already. */
export class Expiry {
  readonly #deps: ExpiryDeps;
  /** Up to where a room's timeline holds nothing that can expire any more. */
  readonly #done = new LRUCache<RoomNid, number>({ max: 10_000 });

  constructor(deps: ExpiryDeps) {
    this.#deps = deps;
  }

  /** Goes through all rooms in which anything can expire. Resolves to the number of messages removed. */
  async run(): Promise<number> {
    const { db, engine } = this.#deps;
    const { rules } = engine.retention;
    if (rules === undefined) return 0;
    const concernsAll = rules.defaultMax !== undefined || rules.allowedMax !== undefined;
    let removed = 0;
    for (let after = -1; ;) {
      const rooms = await (concernsAll ? store.all(db, after) : store.withWish(db, after));
      for (const nid of rooms) removed += await this.#room(nid);
      if (rooms.length < PAGE) return removed;
      after = rooms.at(-1) ?? after;
    }
  }

  async #room(nid: RoomNid): Promise<number> {
    const { engine, messages } = this.#deps;
    const room = await engine.rooms.byNid(nid);
    const time = room && (await engine.retention.horizon(room));
    if (!room || time === undefined) return 0;
    let removed = await messages.hidden(room, time);
    let place: number | undefined = this.#done.get(nid) ?? BOTTOM;
    for (let windows = 0; windows < MAX_WINDOWS && place !== undefined; windows++) {
      const done = await messages.window(room, place, { time });
      removed += done.removed;
      if (done.hasReachedNewer) break;
      place = done.next;
      if (place !== undefined) this.#done.set(nid, place);
    }
    return removed;
  }
}

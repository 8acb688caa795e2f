import { LRUCache } from 'lru-cache';
import { maxLifetime, type RetentionRules } from '../../core/rooms/retention.ts';
import { atMost } from '../../platform/at-most.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../storage/database.ts';
import type { RoomEngine } from '../engine.ts';
import type { RoomNid } from '../model.ts';
import { type DueRoom, expiryStore as store } from './expiry.store.ts';
import type { MessagePurge } from './messages.ts';

/** Rooms that are looked up together; and how much of one room's timeline is looked at before the others' turn. */
const PAGE = 200;
const MAX_WINDOWS = 100;
const BOTTOM = Number.MIN_SAFE_INTEGER;
/** History that is fetched from others later can be older than what is here: nobody is left alone for longer. */
const LONGEST_REST_MS = 7 * 24 * 3_600_000;

export interface ExpiryDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly engine: RoomEngine;
  readonly messages: MessagePurge;
}

interface Looked {
  readonly removed: number;
  /** When something expires next. */
  readonly dueAt: number;
}

/**
 * Removes messages that have expired (MSC1763) from the disk. They are not shown any more already. Rooms in which nothing
 * has expired cost nothing: of each it is known when something does next.
 */
export class Expiry {
  readonly #deps: ExpiryDeps;
  /** Up to where a room's timeline holds nothing that can expire any more, unless history has come in below. */
  readonly #done = new LRUCache<RoomNid, number>({ ...atMost(10_000), ttl: LONGEST_REST_MS });

  constructor(deps: ExpiryDeps) {
    this.#deps = deps;
  }

  /** Goes through the rooms in which something may have expired. Resolves to the number of messages removed. */
  async run(): Promise<number> {
    const { db, clock, engine } = this.#deps;
    const rules = engine.retention.rules;
    if (rules === undefined) return 0;
    const text = JSON.stringify([rules.defaultMax, rules.allowedMin, rules.allowedMax]);
    const concernsAll = rules.defaultMax !== undefined || rules.allowedMax !== undefined;
    const now = clock.now();
    let removed = 0;
    for (let after = -1; ;) {
      const rooms = await store.due(db, { now, rules: text, concernsAll, after, limit: PAGE });
      const looked: (DueRoom & { readonly dueAt: number })[] = [];
      for (const room of rooms) {
        const done = await this.#room(room, rules, now);
        removed += done.removed;
        looked.push({ ...room, dueAt: done.dueAt });
      }
      if (looked.length > 0) await store.put(db, looked, text);
      if (rooms.length < PAGE) return removed;
      after = rooms.at(-1)?.nid ?? after;
    }
  }

  async #room({ nid, wish }: DueRoom, rules: RetentionRules, now: number): Promise<Looked> {
    const { engine, messages } = this.#deps;
    const wished = wish === undefined ? undefined : await engine.events.byNid(wish);
    const lifetime = maxLifetime(wished?.event.content, rules);
    const latest = now + LONGEST_REST_MS;
    if (lifetime === undefined) return { removed: 0, dueAt: latest };
    const time = now - lifetime;
    let removed = await messages.hidden(nid, time);
    let place: number | undefined = this.#done.get(nid) ?? BOTTOM;
    for (let windows = 0; windows < MAX_WINDOWS && place !== undefined; windows++) {
      const done = await messages.window(nid, place, { time });
      removed += done.removed;
      if (done.oldestLeft !== undefined) return { removed, dueAt: Math.min(done.oldestLeft + lifetime, latest) };
      place = done.next;
      if (place !== undefined) this.#done.set(nid, place);
    }
    // What is said from now on lasts as long; and where there was too much to look at, it goes on the next time.
    return { removed, dueAt: place === undefined ? Math.min(now + lifetime, latest) : now };
  }
}

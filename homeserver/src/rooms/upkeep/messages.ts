import { pduText } from '../../core/events/pdu-text.ts';
import { redactEvent } from '../../core/events/to-event.ts';
import type { Database } from '../../storage/database.ts';
import type { RoomEngine } from '../engine.ts';
import type { EventNid, RoomNid } from '../model.ts';
import { type Candidate, type EventTable, messagesStore as store, WINDOW } from './messages.store.ts';

/** What is to go: what stands before a place of the timeline, or was sent before a time. */
export type Bound = { readonly place: number } | { readonly time: number };

export interface WindowDone {
  readonly removed: number;
  /** Where to go on; absent at the end. */
  readonly next: number | undefined;
  /** When the oldest message in it that stays was sent; absent if none does. */
  readonly oldestLeft: number | undefined;
}

const isBefore = ({ ord, sent_at: sentAt }: Candidate, bound: Bound): boolean =>
  'place' in bound ? ord !== null && ord < bound.place : sentAt < bound.time;

/**
 * Removes messages of rooms for good. What the room's further course rests on stays: all state, and the events that
 * others are about to follow, which only lose their content.
 */
export class MessagePurge {
  readonly #db: Database;
  readonly #engine: RoomEngine;
  #tables: readonly EventTable[] | undefined;

  constructor(db: Database, engine: RoomEngine) {
    this.#db = db;
    this.#engine = engine;
  }

  /** Looks at the part of a room's timeline right above `after`. In the room's queue, which it holds for a moment. */
  async window(room: RoomNid, after: number, bound: Bound): Promise<WindowDone> {
    const rows = await store.window(this.#db, room, after);
    const messages = rows.filter((row) => !row.is_state);
    const old = messages.filter((row) => isBefore(row, bound));
    const left = messages.filter((row) => !isBefore(row, bound)).map((row) => row.sent_at);
    const removed = await this.#remove(room, old);
    const last = rows.at(-1)?.ord ?? undefined;
    return {
      removed,
      next: rows.length < WINDOW ? undefined : last,
      oldestLeft: left.length === 0 ? undefined : Math.min(...left),
    };
  }

  /** Messages from before a time that nobody has been shown. Resolves to how many, which may be some of them. */
  async hidden(room: RoomNid, time: number): Promise<number> {
    return this.#remove(room, await store.hidden(this.#db, room, time));
  }

  async #remove(room: RoomNid, candidates: readonly Candidate[]): Promise<number> {
    if (candidates.length === 0) return 0;
    this.#tables ??= await store.tablesOfEvents(this.#db);
    const tables = this.#tables;
    const { queue, rooms, events } = this.#engine;
    return queue.run(room, async () => {
      const { head } = (await rooms.byNid(room)) ?? {};
      const edge = new Set<EventNid>(head?.extremities.map(({ nid }) => nid));
      const nids = candidates.filter((row) => !row.is_needed).map((row) => row.event_nid);
      const gone = nids.filter((nid) => !edge.has(nid));
      for (const nid of nids) if (edge.has(nid)) await this.#strip(nid);
      if (gone.length > 0) await store.remove(this.#db, room, gone, tables);
      events.forget(nids);
      // Its newest events may be in memory.
      if (nids.length > 0) rooms.drop(room);
      return gone.length;
    });
  }

  async #strip(nid: EventNid): Promise<void> {
    const stored = await this.#engine.events.byNid(nid);
    if (!stored) return;
    const [before, after] = [pduText(stored.event), pduText(redactEvent(stored.event))];
    if (before !== after) await store.strip(this.#db, nid, after);
  }
}

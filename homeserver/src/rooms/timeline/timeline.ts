import type { RoomNid } from '../model.ts';
import type { Database } from '../../storage/database.ts';
import { Gather } from '../../storage/gather.ts';
import { Underway } from '../../storage/underway.ts';
import type { Position } from '../../streams/stream.ts';
import type { Events } from '../events.ts';
import { eventsStore as store, type PageBefore } from '../events.store.ts';
import type { StoredEvent } from '../model.ts';
import type { Room } from '../room.ts';

/** How many of a room's newest events are read when it is asked for by itself. */
const TAIL_LENGTH = 20;

export interface Page {
  /** Exclusive: a number of the room's timeline. */
  readonly from: number;
  readonly direction: 'back' | 'forward';
  readonly limit: number;
}

/** Rooms' events in the order in which this server shows them. */
export class Timeline {
  readonly #db: Database;
  readonly #events: Events;
  /** Of rooms of people who come at the same time. */
  readonly #before: Gather<PageBefore, readonly StoredEvent[]>;
  readonly #newest: Underway<Room>;

  constructor(db: Database, events: Events) {
    this.#db = db;
    this.#events = events;
    this.#before = new Gather((pages) => this.#readBefore(pages), 'round');
    this.#newest = new Underway(
      ({ nid }) => nid,
      (rooms, limit) => this.#fill(rooms, limit),
    );
  }

  /** The newest events, oldest of them first. */
  async newest(room: Room, limit: number): Promise<readonly StoredEvent[]> {
    const { head, tail } = room;
    if (!head) return [];
    const isThere = (): boolean => tail.has(limit, head.firstOrd, head.lastOrd);
    if (!isThere()) await this.#newest.load([room], Math.max(limit, TAIL_LENGTH));
    if (!isThere()) {
      // More than is kept, or the room has gone on meanwhile.
      return (await this.page(room, { from: head.lastOrd + 1, direction: 'back', limit })).reverse();
    }
    return tail.newest(limit);
  }

  /** The newest event, if it is in memory. */
  atHand({ head, tail }: Room): StoredEvent | undefined {
    return head && tail.has(1, head.firstOrd, head.lastOrd) ? tail.newest(1)[0] : undefined;
  }

  /** Brings the newest events of many rooms to memory with one query: no more of them than are asked for, since they are many. */
  async warm(rooms: readonly Room[], limit: number): Promise<void> {
    const cold = rooms.filter(({ head, tail }) => head && !tail.has(limit, head.firstOrd, head.lastOrd));
    await this.#newest.load(cold, limit);
  }

  async #fill(rooms: readonly Room[], limit: number): Promise<void> {
    const nids = rooms.map(({ nid }) => nid);
    const events = await this.#events.fromRows(await store.newest(this.#db, nids, limit));
    const byRoom = Map.groupBy(events, ({ roomNid }): RoomNid => roomNid);
    for (const { nid, tail } of rooms) {
      tail.fill((byRoom.get(nid) ?? []).toSorted((a, b) => (a.ord ?? 0) - (b.ord ?? 0)));
    }
  }

  /** The number after which everything happened that a position of the stream does not cover. */
  async placeAt(room: Room, position: Position): Promise<number> {
    return (await store.lastOrdAt(this.#db, room.nid, position)) ?? (room.head?.firstOrd ?? 1) - 1;
  }

  /** Whether other servers have history of the room that this one has not. */
  hasGaps(room: Room): Promise<boolean> {
    return store.hasGaps(this.#db, room.nid);
  }

  /** Events from a place onwards: downwards the newest first, upwards the oldest first. */
  async page(room: Room, { from, direction, limit }: Page): Promise<StoredEvent[]> {
    if (direction === 'forward') return this.#events.fromRows(await store.after(this.#db, room.nid, from, limit));
    const page = { room: room.nid, from, limit };
    return [...((await this.#before.load([page])).get(page) ?? [])];
  }

  async #readBefore(pages: readonly PageBefore[]): Promise<ReadonlyMap<PageBefore, readonly StoredEvent[]>> {
    const rows = await store.beforeEach(this.#db, pages);
    const events = await this.#events.fromRows([...rows.values()].flat());
    const read = new Map<PageBefore, readonly StoredEvent[]>();
    let from = 0;
    for (const [page, { length }] of rows) {
      read.set(page, events.slice(from, from + length));
      from += length;
    }
    return read;
  }
}

import type { EventId, RoomId } from '@holm/spec/ids';
import { LRUCache } from 'lru-cache';
import { pduText } from '../core/events/pdu-text.ts';
import { storedEvent } from '../core/events/stored-event.ts';
import { redactEvent } from '../core/events/to-event.ts';
import type { RoomVersion } from '../core/rooms/room-version.ts';
import type { Database, ReadTx } from '../storage/database.ts';
import { Gather } from '../storage/gather.ts';
import type { Position } from '../streams/stream.ts';
import { EVENT_STATUSES, type EventRow, eventsStore as store } from './events.store.ts';
import type { EventNid, RoomNid, StoredEvent } from './model.ts';
import { atMost } from '../platform/at-most.ts';
import { bytesOfEvent } from './weight.ts';

/** What an event has replaced is looked at one by one at first: nearly always, nobody wants to see more than this. */
const ONE_BY_ONE = 8;
/** Who changes the same state all day long shall not make others wait for as many queries, nor for all of it. */
const REPLACED_PAGE = 500;
const MAX_PAGES = 20;

interface RoomNames {
  byNids(nids: readonly RoomNid[]): Promise<Map<RoomNid, { readonly roomId: RoomId; readonly version: RoomVersion }>>;
}

/** Events by number and by id. They never change, but for being redacted, so they are cached without more ado. */
export class Events {
  readonly #db: Database;
  readonly #rooms: RoomNames;
  readonly #cache: LRUCache<EventNid, StoredEvent>;
  /** Of those that are cached. */
  readonly #nids = new Map<EventId, EventNid>();
  /** What has been redacted while somebody may still be reading what it was. */
  readonly #redacted = new LRUCache<EventNid, EventNid>(atMost(10_000));
  readonly #gather = new Gather<EventNid, StoredEvent>((nids) => this.#read(nids));
  readonly #gatherIds = new Gather<EventId, StoredEvent>((ids) => this.#readIds(ids));

  constructor(db: Database, rooms: RoomNames, cacheBytes: number) {
    this.#db = db;
    this.#rooms = rooms;
    this.#cache = new LRUCache({
      maxSize: Math.floor(cacheBytes),
      sizeCalculation: bytesOfEvent,
      dispose: ({ event }, _nid, reason) => {
        if (reason !== 'set') this.#nids.delete(event.eventId);
      },
    });
  }

  async byNid(nid: EventNid): Promise<StoredEvent | undefined> {
    return this.#cache.get(nid) ?? (await this.load([nid])).get(nid);
  }

  /** What is at hand without asking. */
  cached(nid: EventNid): StoredEvent | undefined {
    return this.#cache.get(nid);
  }

  async load(nids: readonly EventNid[]): Promise<Map<EventNid, StoredEvent>> {
    const found = new Map<EventNid, StoredEvent>();
    const missing: EventNid[] = [];
    for (const nid of nids) {
      const cached = this.#cache.get(nid);
      if (cached) found.set(nid, cached);
      else missing.push(nid);
    }
    if (missing.length === 0) return found;
    const read = await this.#gather.load(missing);
    for (const nid of missing) {
      const event = read.get(nid);
      if (event) found.set(nid, event);
    }
    return found;
  }

  /** As `load`, of so many that they would drive everything else from memory: what is not at hand is not kept there. */
  async glance(nids: readonly EventNid[]): Promise<StoredEvent[]> {
    const cached = nids.flatMap((nid) => this.#cache.get(nid) ?? []);
    const isCached = new Set(cached.map(({ nid }) => nid));
    const missing = nids.filter((nid) => !isCached.has(nid));
    const rows = missing.length === 0 ? [] : await store.byNid(this.#db, missing);
    return [...cached, ...(await this.#made(rows, (read) => this.#asItIsNow(read)))];
  }

  /** The events that held the same state key before this one, newest first. */
  async *replacedBy(event: StoredEvent): AsyncGenerator<StoredEvent> {
    let last = event;
    for (let step = 0; step < ONE_BY_ONE; step++) {
      const before = last.replaces === undefined ? undefined : await this.byNid(last.replaces);
      if (!before) return;
      yield before;
      last = before;
    }
    yield* this.#replacedLongAgo(last.nid);
  }

  async *#replacedLongAgo(by: EventNid): AsyncGenerator<StoredEvent> {
    let last: EventNid | undefined = by;
    for (let page = 0; last !== undefined && page < MAX_PAGES; page++) {
      const nids = await store.replacedBy(this.#db, last, REPLACED_PAGE);
      const found = new Map((await this.glance(nids)).map((event) => [event.nid, event]));
      yield* nids.flatMap((nid) => found.get(nid) ?? []);
      last = nids.length < REPLACED_PAGE ? undefined : nids.at(-1);
    }
  }

  /** Those that happened while this server was there, rather than being known as what others rest on or as history. */
  async happened(nids: readonly EventNid[]): Promise<ReadonlySet<EventNid>> {
    return new Set(nids.length === 0 ? [] : await store.placed(this.#db, nids));
  }

  async #read(nids: readonly EventNid[]): Promise<Map<EventNid, StoredEvent>> {
    const events = await this.fromRows(await store.byNid(this.#db, nids));
    return new Map(events.map((event) => [event.nid, event]));
  }

  async byId(id: EventId): Promise<StoredEvent | undefined> {
    return (await this.byIds([id])).get(id);
  }

  async byIds(ids: readonly EventId[]): Promise<Map<EventId, StoredEvent>> {
    const found = new Map<EventId, StoredEvent>();
    const missing: EventId[] = [];
    for (const id of ids) {
      const nid = this.#nids.get(id);
      const cached = nid === undefined ? undefined : this.#cache.get(nid);
      if (cached) found.set(id, cached);
      else missing.push(id);
    }
    if (missing.length === 0) return found;
    const read = await this.#gatherIds.load(missing);
    for (const id of missing) {
      const event = read.get(id);
      if (event) found.set(id, event);
    }
    return found;
  }

  async #readIds(ids: readonly EventId[]): Promise<Map<EventId, StoredEvent>> {
    const events = await this.fromRows(await store.byId(this.#db, ids));
    return new Map(events.map((event) => [event.event.eventId, event]));
  }

  /** Reads rows that some other query found, and remembers them. What is cached already wins: it is parsed. */
  async fromRows(rows: readonly EventRow[]): Promise<StoredEvent[]> {
    return this.#made(rows, (read) => this.remember(read));
  }

  async #made(rows: readonly EventRow[], take: (read: StoredEvent) => StoredEvent): Promise<StoredEvent[]> {
    const rooms = await this.#rooms.byNids([...new Set(rows.map((row) => row.room_nid))]);
    return rows.map((row) => {
      const cached = this.#cache.get(row.event_nid);
      if (cached) return cached;
      const room = rooms.get(row.room_nid);
      if (!room) throw new Error(`event ${row.event_nid} is of the unknown room ${row.room_nid}`);
      return take(fromRow(row, room));
    });
  }

  /** It may have been redacted while it was read. */
  #asItIsNow(read: StoredEvent): StoredEvent {
    const by = read.redactedBy ?? this.#redacted.get(read.nid);
    if (by === undefined || read.redactedBy !== undefined) return read;
    const event = redactEvent(read.event);
    return { ...read, event, textLength: pduText(event).length, redactedBy: by };
  }

  remember(read: StoredEvent): StoredEvent {
    const event = this.#asItIsNow(read);
    this.#nids.set(event.event.eventId, event.nid);
    this.#cache.set(event.nid, event);
    return event;
  }

  /** An event has been redacted. What is left of it, if it is at hand. */
  redacted(nid: EventNid, by: EventNid): StoredEvent | undefined {
    this.#redacted.set(nid, by);
    const known = this.#cache.get(nid);
    if (!known || known.redactedBy !== undefined) return known;
    return this.remember(known);
  }

  /** An event has turned out not to be redacted, or to be by another redaction. */
  unredacted(event: StoredEvent): void {
    this.#redacted.delete(event.nid);
    this.remember(event);
  }

  /** Events that are not there any more. */
  forget(nids: Iterable<EventNid>): void {
    for (const nid of nids) this.#cache.delete(nid);
  }

  /** The room is gone, and its events may come again as others. */
  forgetRoom(room: RoomNid): void {
    this.forget([...this.#cache.entries()].filter(([, { roomNid }]) => roomNid === room).map(([nid]) => nid));
  }

  /** The event that a client's request became. */
  async byTransaction(key: Buffer): Promise<StoredEvent | undefined> {
    const nid = await store.byTransaction(this.#db, key);
    return nid === undefined ? undefined : this.byNid(nid);
  }

  /** The ids of events, in no particular order. */
  ids(nids: readonly EventNid[]): Promise<EventId[]> {
    return store.ids(this.#db, nids);
  }

  /** The texts of events as other servers get them. */
  texts(nids: readonly EventNid[], tx: ReadTx = this.#db): Promise<Map<EventNid, string>> {
    return store.texts(tx, nids);
  }
}

const fromRow = (row: EventRow, room: { readonly roomId: RoomId; readonly version: RoomVersion }): StoredEvent => ({
  nid: row.event_nid,
  roomNid: row.room_nid,
  event: storedEvent(row.event_id, room.roomId, room.version, row.json),
  textLength: row.json.length,
  status: EVENT_STATUSES[row.status] ?? 'rejected',
  ord: row.ord ?? undefined,
  position: (row.position ?? undefined) as Position | undefined,
  snapshot: row.snapshot ?? undefined,
  keyNumber: row.key_number ?? undefined,
  authNumber: row.auth_number ?? undefined,
  replaces: row.replaces ?? undefined,
  redactedBy: row.redacted_by ?? undefined,
});

import { byPlace } from '../../storage/by-place.ts';
import type { Database, ReadTx } from '../../storage/database.ts';
import { Gather } from '../../storage/gather.ts';
import { named, sql } from '../../storage/sql.ts';
import { Underway } from '../../storage/underway.ts';
import type { Position } from '../../streams/stream.ts';
import { EMPTY_STATE, type RoomNid, type SnapshotId } from '../model.ts';

export type LogEntry = readonly [position: Position, snapshot: SnapshotId];

const KEPT = 50;
const READ = 30;
/** Older places that somebody asked for; those of one page of a timeline are asked for again and again. */
const PLACES_KEPT = 8;

/** The newest changes of a room's current state: what was current when. */
export class StateLog {
  /** Oldest first. */
  #entries: LogEntry[] = [];
  readonly #places = new Map<Position, SnapshotId>();
  /** From here on no entry is missing. */
  #from: number;

  constructor(kind: 'stored' | 'new') {
    this.#from = kind === 'new' ? 0 : Infinity;
  }

  /** Changes that have been committed. */
  append(entries: readonly LogEntry[]): void {
    const [first] = entries;
    if (!first) return;
    this.#from = Math.min(this.#from, first[0]);
    this.#entries.push(...entries);
    if (this.#entries.length <= 2 * KEPT) return;
    this.#entries = this.#entries.slice(-KEPT);
    this.#from = this.#entries[0]?.[0] ?? this.#from;
  }

  /** What was current once everything up to `position` had happened; undefined when that is not at hand. */
  at(position: Position): SnapshotId | undefined {
    if (position < this.#from) return this.#places.get(position);
    return this.#entries.findLast(([changed]) => changed <= position)?.[1] ?? EMPTY_STATE;
  }

  /** Whether nothing has changed after `position`, as far as is at hand. */
  isStillSince(position: Position): boolean {
    return position >= this.#from && (this.#entries.at(-1)?.[0] ?? 0) <= position;
  }

  /** Whether so many of the newest entries are at hand, or all that there are. */
  has(count: number): boolean {
    return this.#from === 0 || (this.isLoaded && this.#entries.length >= count);
  }

  get isLoaded(): boolean {
    return this.#from !== Infinity;
  }

  /** What was current at a place that is older than the newest entries. */
  remember(position: Position, snapshot: SnapshotId): void {
    const [oldest] = this.#places.size < PLACES_KEPT ? [] : this.#places.keys();
    if (oldest !== undefined) this.#places.delete(oldest);
    this.#places.set(position, snapshot);
  }

  /** What was read from the database: the newest entries, newest first; all of them if they are fewer than asked for. */
  fill(read: readonly LogEntry[], limit: number): void {
    const oldest = this.#entries[0]?.[0] ?? Infinity;
    const older = read.filter(([position]) => position < oldest).reverse();
    this.#entries = [...older, ...this.#entries];
    this.#from = Math.min(this.#from, read.length < limit ? 0 : (read.at(-1)?.[0] ?? 0));
  }
}

interface LogRow {
  readonly room_nid: RoomNid;
  readonly position: Position;
  readonly snapshot: SnapshotId;
}

const store = {
  newest: (tx: ReadTx, rooms: readonly RoomNid[], limit: number): Promise<LogRow[]> =>
    tx.rows(
      named(
        'state_log.newest',
        sql`SELECT r.room_nid, l.position, l.snapshot
              FROM unnest(${rooms}::int[]) AS r(room_nid)
             CROSS JOIN LATERAL (
                     SELECT position, snapshot FROM room_state_log WHERE room_nid = r.room_nid
                      ORDER BY position DESC LIMIT ${limit}) l
             ORDER BY r.room_nid, l.position DESC`,
      ),
    ),

  at: (tx: ReadTx, places: readonly Place[]): Promise<{ readonly n: number; readonly snapshot: SnapshotId }[]> =>
    tx.rows(
      named(
        'state_log.at',
        sql`SELECT u.n::int AS n, l.snapshot
              FROM unnest(${places.map(({ room }) => room.nid)}::int[], ${places.map(({ position }) => position)}::bigint[])
                   WITH ORDINALITY AS u(room_nid, position, n)
             CROSS JOIN LATERAL (
                     SELECT snapshot FROM room_state_log WHERE room_nid = u.room_nid AND position <= u.position
                      ORDER BY position DESC LIMIT 1) l`,
      ),
    ),
};

interface Logged {
  readonly nid: RoomNid;
  readonly stateLog: StateLog;
}

interface Place {
  readonly room: Logged;
  readonly position: Position;
}

/** What was the current state of rooms at positions of the stream of events. */
export class StateLogs {
  readonly #db: Database;
  /** Of rooms that are looked at side by side. */
  readonly #places: Gather<Place, SnapshotId>;
  readonly #newest: Underway<Logged>;

  constructor(db: Database) {
    this.#db = db;
    this.#places = new Gather(async (places) => {
      const found = byPlace(places, await store.at(db, places));
      return new Map([...found].map(([place, [row]]) => [place, row?.snapshot ?? EMPTY_STATE] as const));
    });
    this.#newest = new Underway(
      ({ nid }) => nid,
      (rooms, limit) => this.#fill(rooms, limit),
    );
  }

  async at(room: Logged, position: Position): Promise<SnapshotId> {
    const known = room.stateLog.at(position);
    if (known !== undefined) return known;
    if (!room.stateLog.isLoaded) await this.#newest.load([room], READ);
    return room.stateLog.at(position) ?? this.#readAt(room, position);
  }

  /** Brings the newest entries of many rooms to memory with one query. */
  async warm(rooms: readonly Logged[], position: Position): Promise<void> {
    const cold = rooms.filter(({ stateLog }) => !stateLog.isLoaded && stateLog.at(position) === undefined);
    if (cold.length > 0) await this.#newest.load(cold, READ);
  }

  /** As `warm`, for those of which no more than so many entries are of interest: rooms have one for each who came or went. */
  async warmNewest(rooms: readonly Logged[], wanted: number): Promise<void> {
    const limit = Math.min(wanted, READ);
    const cold = rooms.filter(({ stateLog }) => !stateLog.has(limit));
    if (cold.length > 0) await this.#newest.load(cold, limit);
  }

  async #readAt(room: Logged, position: Position): Promise<SnapshotId> {
    const place = { room, position };
    const snapshot = (await this.#places.load([place])).get(place) ?? EMPTY_STATE;
    room.stateLog.remember(position, snapshot);
    return snapshot;
  }

  async #fill(rooms: readonly Logged[], limit: number): Promise<void> {
    const nids = rooms.map(({ nid }) => nid);
    const byRoom = Map.groupBy(await store.newest(this.#db, nids, limit), ({ room_nid }) => room_nid);
    for (const { nid, stateLog } of rooms) {
      const read = (byRoom.get(nid) ?? []).map(({ position, snapshot }): LogEntry => [position, snapshot]);
      stateLog.fill(read, limit);
    }
  }
}

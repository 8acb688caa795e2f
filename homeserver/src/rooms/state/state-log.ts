import type { Database, ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
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

  async at(tx: ReadTx, room: RoomNid, position: Position): Promise<SnapshotId> {
    const [row] = await tx.rows<{ snapshot: SnapshotId }>(
      named(
        'state_log.at',
        sql`SELECT snapshot FROM room_state_log
             WHERE room_nid = ${room} AND position <= ${position} ORDER BY position DESC LIMIT 1`,
      ),
    );
    return row?.snapshot ?? EMPTY_STATE;
  },
};

interface Logged {
  readonly nid: RoomNid;
  readonly stateLog: StateLog;
}

/** What was the current state of rooms at positions of the stream of events. */
export class StateLogs {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async at(room: Logged, position: Position): Promise<SnapshotId> {
    const known = room.stateLog.at(position);
    if (known !== undefined) return known;
    if (!room.stateLog.isLoaded) await this.#fill([room]);
    return room.stateLog.at(position) ?? this.#readAt(room, position);
  }

  /** Brings the newest entries of many rooms to memory with one query. */
  async warm(rooms: readonly Logged[], position: Position): Promise<void> {
    const cold = rooms.filter(({ stateLog }) => !stateLog.isLoaded && stateLog.at(position) === undefined);
    if (cold.length > 0) await this.#fill(cold);
  }

  async #readAt({ nid, stateLog }: Logged, position: Position): Promise<SnapshotId> {
    const snapshot = await store.at(this.#db, nid, position);
    stateLog.remember(position, snapshot);
    return snapshot;
  }

  async #fill(rooms: readonly Logged[]): Promise<void> {
    const nids = rooms.map(({ nid }) => nid);
    const byRoom = Map.groupBy(await store.newest(this.#db, nids, READ), ({ room_nid }) => room_nid);
    for (const { nid, stateLog } of rooms) {
      const read = (byRoom.get(nid) ?? []).map(({ position, snapshot }): LogEntry => [position, snapshot]);
      stateLog.fill(read, READ);
    }
  }
}

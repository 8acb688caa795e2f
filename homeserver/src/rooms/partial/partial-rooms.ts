import { LRUCache } from 'lru-cache';
import { atMost } from '../../platform/at-most.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { Position } from '../../streams/stream.ts';
import type { RoomNid } from '../model.ts';
import type { PartialRoom } from './partial-room.ts';
import { partialRoomsStore as store } from './partial-rooms.store.ts';

/** Rooms of which it is remembered when they were completed. */
const COMPLETED = 1_000;

/** Which rooms are not known in full. There are never many. */
export class PartialRooms {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #rooms = new Map<RoomNid, PartialRoom>();
  readonly #completed = new LRUCache<RoomNid, Position>(atMost(COMPLETED));
  readonly #waiting = new Map<RoomNid, PromiseWithResolvers<void>>();

  private constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  static async open(db: Database, clock: Clock): Promise<PartialRooms> {
    const partial = new PartialRooms(db, clock);
    for (const room of await store.all(db)) partial.#rooms.set(room.roomNid, room);
    return partial;
  }

  get(room: RoomNid): PartialRoom | undefined {
    return this.#rooms.get(room);
  }

  all(): readonly PartialRoom[] {
    return [...this.#rooms.values()];
  }

  /** To be told before the room is entered: what is written in it from then on may have to be looked at again. */
  async add(room: PartialRoom): Promise<void> {
    await store.put(this.#db, room);
    this.#rooms.set(room.roomNid, room);
  }

  /** Nothing came of the join, or of being in the room. */
  async remove(room: PartialRoom): Promise<void> {
    await store.remove(this.#db, room);
    this.#over(room);
  }

  /** As `remove`, with what completes the room; `completed` is to be told once that is durable. */
  removeIn(tx: Tx, room: PartialRoom): Promise<void> {
    return store.remove(tx, room);
  }

  /** `at`: from where on all of it is current. */
  completed(room: PartialRoom, at: Position): void {
    this.#completed.set(room.roomNid, at);
    this.#over(room);
  }

  /** Where the room's state became known in full; undefined if it was from the start, or that is not remembered. */
  completedAt(room: RoomNid): Position | undefined {
    return this.#completed.get(room);
  }

  /** Resolves when the room is known in full, or after `ms`: whether it is. */
  async whenComplete(room: RoomNid, ms: number): Promise<boolean> {
    if (!this.#rooms.has(room)) return true;
    const waiting = this.#waiting.get(room) ?? Promise.withResolvers<void>();
    this.#waiting.set(room, waiting);
    const over = new AbortController();
    await Promise.race([waiting.promise, this.#clock.sleep(ms, over.signal)]);
    over.abort();
    return !this.#rooms.has(room);
  }

  #over({ roomNid, joinId }: PartialRoom): void {
    if (this.#rooms.get(roomNid)?.joinId !== joinId) return;
    this.#rooms.delete(roomNid);
    this.#waiting.get(roomNid)?.resolve();
    this.#waiting.delete(roomNid);
  }
}

import type { RoomId } from '@holm/spec/ids';
import { MatrixError } from '@holm/spec/errors';
import { LRUCache } from 'lru-cache';
import { roomVersion } from '../core/rooms/room-version.ts';
import type { Database, ReadTx } from '../storage/database.ts';
import { Gather } from '../storage/gather.ts';
import type { Head, RoomIdentity, RoomNid } from './model.ts';
import type { PartialRooms } from './partial/partial-rooms.ts';
import { Room, type RoomDeps } from './room.ts';
import { roomsStore, type RoomRow } from './rooms.store.ts';
import { atMost, weighAgain } from '../platform/at-most.ts';

/** Ids whose numbers are remembered, some 150 bytes each. */
const KNOWN_IDS = 20_000;
/** A room that is larger than that part of what all may take counts as that: a server with one such room remembers it, too. */
const LARGEST_PART = 8;

/** The rooms that this server knows of, each loaded once and kept while it is in use. */
export class Rooms {
  readonly #db: Database;
  readonly #deps: RoomDeps;
  readonly #partial: Pick<PartialRooms, 'get'>;
  readonly #byNid: LRUCache<RoomNid, Room>;
  readonly #nids = new LRUCache<RoomId, RoomNid>(atMost(KNOWN_IDS));
  readonly #loading = new Map<RoomNid, Promise<Room | undefined>>();

  readonly #rows: Gather<RoomNid, RoomRow>;
  readonly #heads: Gather<RoomNid, Head>;

  constructor(db: Database, partial: Pick<PartialRooms, 'get'>, cacheBytes: number) {
    this.#db = db;
    this.#deps = { db, grew: (room) => this.#grew(room) };
    const largest = Math.floor(cacheBytes / LARGEST_PART);
    this.#byNid = new LRUCache({
      maxSize: Math.floor(cacheBytes),
      sizeCalculation: (room) => Math.min(room.bytes, largest),
    });
    this.#partial = partial;
    this.#rows = new Gather(
      async (nids) => new Map((await roomsStore.byNid(db, nids)).map((row) => [row.room_nid, row])),
    );
    this.#heads = new Gather((nids) => roomsStore.heads(db, nids));
  }

  byId(roomId: RoomId): Promise<Room | undefined> {
    const known = this.#nids.get(roomId);
    return known === undefined ? this.#find(roomId) : this.byNid(known);
  }

  async #find(roomId: RoomId): Promise<Room | undefined> {
    const row = await roomsStore.byId(this.#db, roomId);
    if (!row) return undefined;
    this.#nids.set(roomId, row.room_nid);
    return this.byNid(row.room_nid);
  }

  byNid(nid: RoomNid): Promise<Room | undefined> {
    const cached = this.#byNid.get(nid);
    if (cached) return Promise.resolve(cached);
    const known = this.#loading.get(nid);
    if (known) return known;
    const loading: Promise<Room | undefined> = this.#load(nid, () => this.#loading.get(nid) === loading).finally(() => {
      if (this.#loading.get(nid) === loading) this.#loading.delete(nid);
    });
    this.#loading.set(nid, loading);
    return loading;
  }

  /** If it is in memory. */
  atHand(nid: RoomNid): Room | undefined {
    return this.#byNid.get(nid);
  }

  async byNids(nids: readonly RoomNid[]): Promise<Map<RoomNid, Room>> {
    const found = new Map<RoomNid, Room>();
    const missing: RoomNid[] = [];
    for (const nid of nids) {
      const room = this.#byNid.get(nid);
      if (room) found.set(nid, room);
      else missing.push(nid);
    }
    if (missing.length === 0) return found;
    for (const room of await Promise.all(missing.map((nid) => this.byNid(nid)))) if (room) found.set(room.nid, room);
    return found;
  }

  /** A room that this server takes part in; clients learn nothing about others. */
  async joined(roomId: RoomId): Promise<Room & { readonly head: Head }> {
    const room = await this.byId(roomId);
    if (!room?.head) throw new MatrixError('M_NOT_FOUND', 'this server is not in that room');
    return room as Room & { readonly head: Head };
  }

  /** Gives the room a number, if it has none yet. */
  async identify(tx: ReadTx, roomId: RoomId, version: RoomIdentity['version']): Promise<RoomIdentity> {
    return { nid: await roomsStore.add(tx, roomId, version.id), roomId, version };
  }

  /** A room of which nothing is in memory yet, nor in the database if it is `new`; to be found here once it is added. */
  make(identity: RoomIdentity, head: Head | undefined, kind: 'stored' | 'new'): Room {
    return new Room(this.#deps, identity, head, kind);
  }

  /** A room that has just been created. */
  add(room: Room): void {
    this.#byNid.set(room.nid, room);
    this.#nids.set(room.roomId, room.nid);
  }

  /** Forgets what is cached, after something other than the room's own queue has changed it. */
  drop(nid: RoomNid): void {
    this.#byNid.delete(nid);
    this.#loading.delete(nid);
  }

  /**
   * A write has been committed and this is the room that knows of it. It may have been pushed out of memory meanwhile, or
   * be on the way there a second time: as it was before the write, for good.
   */
  written(room: Room): void {
    this.#byNid.set(room.nid, room);
    this.#loading.delete(room.nid);
  }

  /** The room is gone. Should it come again, it is another one. */
  forget(roomId: RoomId): void {
    const nid = this.#nids.get(roomId);
    if (nid !== undefined) this.drop(nid);
    this.#nids.delete(roomId);
  }

  /** `isWanted`: whether nothing has changed the room while it was read. Else it is only for who asked before that. */
  async #load(nid: RoomNid, isWanted: () => boolean): Promise<Room | undefined> {
    const row = (await this.#rows.load([nid])).get(nid);
    const identity = row && identify(row);
    if (!identity) return undefined;
    const room = this.make(identity, (await this.#heads.load([nid])).get(nid), 'stored');
    const partial = this.#partial.get(nid);
    if (partial) room.members.expect(partial.servers);
    if (!isWanted()) return room;
    this.#byNid.set(nid, room);
    this.#nids.set(identity.roomId, nid);
    return room;
  }

  #grew(room: Room): void {
    if (this.#byNid.peek(room.nid) === room) weighAgain(this.#byNid, room.nid);
  }
}

const identify = ({ room_nid, room_id, version }: RoomRow): RoomIdentity => {
  const rules = roomVersion(version);
  if (!rules) throw new Error(`room ${room_id} has the unknown version ${version}`);
  return { nid: room_nid, roomId: room_id, version: rules };
};

import type { ServerName, UserId } from '@holm/spec/ids';
import { LRUCache } from 'lru-cache';
import type { CommitListener } from '../../rooms/commit.ts';
import type { RoomNid } from '../../rooms/model.ts';
import type { Database } from '../../storage/database.ts';
import { presenceStore as store } from './presence.store.ts';
import { atMost } from '../../platform/at-most.ts';

export interface CirclesDeps {
  readonly db: Database;
  readonly serverName: ServerName;
  /** Rooms with more members than that do not count; 0 if all do. */
  readonly maxRoomMembers: number;
  readonly onMove: (move: Move) => void;
}

/** Somebody has come into a room, or left it. */
export interface Move {
  readonly userId: UserId;
  readonly server: ServerName;
  readonly room: RoomNid;
  readonly isArrival: boolean;
  /** They were known here, and have to be loaded again. */
  readonly wasLoaded: boolean;
}

/** The servers in a room and how many of each, or that it is too large to count. */
type Size = ReadonlyMap<ServerName, number> | 'large';

/** What has changed while something was being read from the database. */
interface Load {
  readonly users: Set<UserId>;
  readonly rooms: Set<RoomNid>;
}

const MAX_USERS = 50_000;
const MAX_ROOMS = 50_000;
const NOBODY: ReadonlySet<UserId> = new Set();
const NOWHERE: readonly RoomNid[] = [];

/**
 * Who shares a room with whom, as far as presence is concerned: rooms beyond a size do not count, because there everything
 * that anybody does would be told to everybody.
 *
 * Knows the users that it has been asked to `load`, and follows where they go.
 */
export class Circles {
  readonly #deps: CirclesDeps;
  readonly #rooms = new LRUCache<UserId, readonly RoomNid[]>({
    ...atMost(MAX_USERS),
    dispose: (rooms, user) => this.#unindex(user, rooms),
  });
  readonly #sizes = new LRUCache<RoomNid, Size>(atMost(MAX_ROOMS));
  /** Users that are loaded, by the rooms that count. */
  readonly #members = new Map<RoomNid, Set<UserId>>();
  /** Small rooms whose members were not told one by one. */
  readonly #unmeasured = new Set<RoomNid>();
  readonly #loads = new Set<Load>();

  constructor(deps: CirclesDeps) {
    this.#deps = deps;
  }

  readonly listener: CommitListener = ({ room: { nid }, members, wholeSince }) => {
    if (wholeSince !== undefined) this.#remeasure(nid);
    for (const { userId, server, membership, before } of members) {
      const difference = Number(membership === 'join') - Number(before === 'join');
      if (difference === 0) continue;
      this.#resize(nid, server, difference);
      for (const { users } of this.#loads) users.add(userId);
      const wasLoaded = this.#rooms.delete(userId);
      this.#deps.onMove({ userId, server, room: nid, isArrival: difference > 0, wasLoaded });
    }
  };

  has(user: UserId): boolean {
    return this.#rooms.has(user);
  }

  /** Learns the rooms of users, with two queries at most for all of them. */
  async load(users: Iterable<UserId>): Promise<void> {
    const unknown = [...new Set(users)].filter((user) => !this.#rooms.has(user));
    if (unknown.length + this.#unmeasured.size === 0) return;
    const load: Load = { users: new Set(), rooms: new Set() };
    this.#loads.add(load);
    try {
      const rooms = unknown.length === 0 ? new Map<UserId, RoomNid[]>() : await store.roomsOf(this.#deps.db, unknown);
      await this.#measure(new Set([...this.#unmeasured, ...[...rooms.values()].flat()]), load);
      for (const user of unknown) if (!load.users.has(user)) this.#add(user, rooms.get(user) ?? NOWHERE);
    } finally {
      this.#loads.delete(load);
    }
    // Some have moved on meanwhile.
    if (load.users.size > 0) await this.load(unknown.filter((user) => load.users.has(user)));
  }

  /** Whether they have any rooms that count. */
  isSomewhere(user: UserId): boolean {
    return this.#roomsOf(user).length > 0;
  }

  share(one: UserId, other: UserId): boolean {
    if (one === other) return true;
    const isWithFewer = this.#roomsOf(one).length <= this.#roomsOf(other).length;
    const [rooms, wanted] = isWithFewer ? [this.#roomsOf(one), other] : [this.#roomsOf(other), one];
    return rooms.some((room) => this.membersOf(room).has(wanted));
  }

  /** Users that are loaded and in a room, if it counts. */
  membersOf(room: RoomNid): ReadonlySet<UserId> {
    return this.#isSmall(room) ? (this.#members.get(room) ?? NOBODY) : NOBODY;
  }

  /** All that are loaded and share a room with somebody; themselves, too. */
  around(user: UserId): Set<UserId> {
    const around = new Set<UserId>([user]);
    for (const room of this.#roomsOf(user)) for (const other of this.membersOf(room)) around.add(other);
    return around;
  }

  /** How many `around` looks at. */
  reachOf(user: UserId): number {
    return this.#roomsOf(user).reduce((sum, room) => sum + this.membersOf(room).size, 1);
  }

  /** Other servers that share a room with somebody, those of the smallest rooms first. */
  serversOf(user: UserId, atMost: number): Set<ServerName> {
    const servers = new Set<ServerName>();
    const sizes = this.#roomsOf(user).map((room) => this.#sizes.get(room));
    const small = sizes.filter((size): size is Exclude<Size, 'large'> => size !== undefined && size !== 'large');
    for (const room of small.sort((a, b) => a.size - b.size)) {
      for (const server of room.keys()) if (server !== this.#deps.serverName) servers.add(server);
      if (servers.size >= atMost) break;
    }
    return servers;
  }

  #roomsOf(user: UserId): readonly RoomNid[] {
    return this.#rooms.get(user) ?? NOWHERE;
  }

  #isSmall(room: RoomNid): boolean {
    const size = this.#sizes.get(room);
    return size !== undefined && size !== 'large';
  }

  #add(user: UserId, rooms: readonly RoomNid[]): void {
    const counting = rooms.filter((room) => this.#sizes.get(room) !== 'large');
    this.#rooms.set(user, counting);
    for (const room of counting) this.#index(user, room);
  }

  async #measure(rooms: ReadonlySet<RoomNid>, load: Load): Promise<void> {
    const unknown = [...rooms].filter((room) => !this.#sizes.has(room));
    if (unknown.length === 0) return;
    const { db, maxRoomMembers: max } = this.#deps;
    const rows = await store.sizes(db, unknown, max === 0 ? null : max + 1);
    const found = new Map<RoomNid, Map<ServerName, number>>(unknown.map((room) => [room, new Map()]));
    for (const { room_nid: room, server, joined } of rows) found.get(room)?.set(server, joined);
    for (const [room, servers] of found) {
      if (load.rooms.has(room)) this.#unmeasured.add(room);
      else {
        this.#sizes.set(room, this.#sizeOf(servers));
        this.#unmeasured.delete(room);
      }
    }
  }

  #sizeOf(servers: ReadonlyMap<ServerName, number>): Size {
    const { maxRoomMembers: max } = this.#deps;
    return max > 0 && [...servers.values()].reduce((sum, joined) => sum + joined, 0) > max ? 'large' : servers;
  }

  #resize(room: RoomNid, server: ServerName, difference: number): void {
    for (const { rooms } of this.#loads) rooms.add(room);
    const size = this.#sizes.get(room);
    if (size === undefined) return;
    if (size === 'large') {
      // It may be small now; while it grows, it remains large.
      if (difference < 0) this.#sizes.delete(room);
      return;
    }
    const servers = new Map(size);
    const joined = (servers.get(server) ?? 0) + difference;
    if (joined > 0) servers.set(server, joined);
    else servers.delete(server);
    this.#sizes.set(room, this.#sizeOf(servers));
  }

  #remeasure(room: RoomNid): void {
    for (const { rooms } of this.#loads) rooms.add(room);
    if (this.#sizes.delete(room)) this.#unmeasured.add(room);
  }

  #index(user: UserId, room: RoomNid): void {
    const members = this.#members.get(room) ?? new Set();
    members.add(user);
    this.#members.set(room, members);
  }

  #unindex(user: UserId, rooms: readonly RoomNid[]): void {
    for (const room of rooms) {
      const members = this.#members.get(room);
      members?.delete(user);
      if (members?.size === 0) this.#members.delete(room);
    }
  }
}

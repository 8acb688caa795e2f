import type { ServerName, UserId } from '@holm/spec/ids';
import { LRUCache } from 'lru-cache';
import type { CommitListener } from '../../rooms/commit.ts';
import type { RoomNid } from '../../rooms/model.ts';
import type { Database } from '../../storage/database.ts';
import type { Position } from '../../streams/stream.ts';
import { presenceStore as store } from './presence.store.ts';
import { atMost } from '../../platform/at-most.ts';

export interface CirclesDeps {
  readonly db: Database;
  readonly serverName: ServerName;
  /** Rooms with more members than that do not count; 0 if all do. */
  readonly maxRoomMembers: number;
  /** At a position of the stream of events. */
  readonly onMove: (move: Move, position: Position) => void;
  /** Users are known here from now on; what happened before may have gone past them. */
  readonly onLoad: (users: readonly UserId[]) => void;
  /** It has to be asked of a room again whether it counts, by `reunited`. */
  readonly onDoubt: () => void;
}

/** Somebody has come into a room, or left it. */
export interface Move {
  readonly userId: UserId;
  readonly server: ServerName;
  readonly room: RoomNid;
  readonly isArrival: boolean;
  /** They are known here. */
  readonly isLoaded: boolean;
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
const NOWHERE: ReadonlySet<RoomNid> = new Set();

/**
 * Who shares a room with whom, as far as presence is concerned: rooms beyond a size do not count, because there everything
 * that anybody does would be told to everybody.
 *
 * Knows the users that it has been asked to `load`, and follows where they go.
 */
export class Circles {
  readonly #deps: CirclesDeps;
  /** Those that count. */
  readonly #rooms = new LRUCache<UserId, Set<RoomNid>>({
    ...atMost(MAX_USERS),
    dispose: (rooms, user) => this.#unindex(user, rooms),
  });
  readonly #sizes = new LRUCache<RoomNid, Size>(atMost(MAX_ROOMS));
  /** Users that are loaded, by the rooms that count. */
  readonly #members = new Map<RoomNid, Set<UserId>>();
  /** Rooms that somebody who is loaded has come into, and nobody was in before. */
  readonly #unmeasured = new Set<RoomNid>();
  /** Rooms that may count now and did not before, or whose members were not told one by one. */
  readonly #doubtful = new Set<RoomNid>();
  readonly #loads = new Set<Load>();

  constructor(deps: CirclesDeps) {
    this.#deps = deps;
  }

  readonly listener: CommitListener = ({ room: { nid }, members, wholeSince }) => {
    if (wholeSince !== undefined) this.#remeasure(nid);
    for (const { userId, server, membership, before, position } of members) {
      const difference = Number(membership === 'join') - Number(before === 'join');
      if (difference === 0) continue;
      const isArrival = difference > 0;
      this.#resize(nid, server, difference);
      for (const { users } of this.#loads) users.add(userId);
      const isLoaded = this.#place(userId, nid, isArrival);
      this.#deps.onMove({ userId, server, room: nid, isArrival, isLoaded }, position);
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
      const loaded = unknown.filter((user) => !load.users.has(user));
      for (const user of loaded) this.#add(user, rooms.get(user) ?? []);
      this.#deps.onLoad(loaded);
    } finally {
      this.#loads.delete(load);
    }
    // Some have moved on meanwhile.
    if (load.users.size > 0) await this.load(unknown.filter((user) => load.users.has(user)));
  }

  /** All who are in rooms that did not count until now, as if they had come at once. */
  async reunited(): Promise<Move[]> {
    if (this.#doubtful.size === 0) return [];
    const rooms = new Set(this.#doubtful);
    this.#doubtful.clear();
    const load: Load = { users: new Set(), rooms: new Set() };
    this.#loads.add(load);
    try {
      await this.#measure(rooms, load);
      for (const room of rooms) if (!this.#sizes.has(room)) this.#doubt(room);
      const small = [...rooms].filter((room) => this.#isSmall(room));
      const members = small.length === 0 ? [] : await store.membersOf(this.#deps.db, small);
      return members.map(({ user_id: userId, server, room_nid: room }) => {
        return { userId, server, room, isArrival: true, isLoaded: this.#place(userId, room, true) };
      });
    } catch (error) {
      for (const room of rooms) this.#doubtful.add(room);
      throw error;
    } finally {
      this.#loads.delete(load);
    }
  }

  /** Those who are with somebody in some of their rooms, loaded or not. */
  async joinedWith(user: UserId, rooms: readonly RoomNid[]): Promise<readonly UserId[]> {
    const small = rooms.filter((room) => this.#isSmall(room));
    const members = small.length === 0 ? [] : await store.membersOf(this.#deps.db, small);
    // The user may have left meanwhile.
    const current = new Set(this.roomsOf(user));
    return members.flatMap(({ user_id: other, room_nid: room }) => (current.has(room) ? [other] : []));
  }

  /** The rooms of somebody that count. */
  roomsOf(user: UserId): readonly RoomNid[] {
    return [...this.#roomsOf(user)].filter((room) => this.#isSmall(room));
  }

  /** Whether they have any rooms that count. */
  isSomewhere(user: UserId): boolean {
    return this.#roomsOf(user).size > 0;
  }

  share(one: UserId, other: UserId): boolean {
    if (one === other) return true;
    const isWithFewer = this.#roomsOf(one).size <= this.#roomsOf(other).size;
    const [rooms, wanted] = isWithFewer ? [this.#roomsOf(one), other] : [this.#roomsOf(other), one];
    for (const room of rooms) if (this.membersOf(room).has(wanted)) return true;
    return false;
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
    let reach = 1;
    for (const room of this.#roomsOf(user)) reach += this.membersOf(room).size;
    return reach;
  }

  /** Other servers that share a room with somebody, those of the smallest rooms first. */
  serversOf(user: UserId, atMost: number): Set<ServerName> {
    const servers = new Set<ServerName>();
    const sizes = [...this.#roomsOf(user)].map((room) => this.#sizes.get(room));
    const small = sizes.filter((size): size is Exclude<Size, 'large'> => size !== undefined && size !== 'large');
    for (const room of small.sort((a, b) => a.size - b.size)) {
      for (const server of room.keys()) if (server !== this.#deps.serverName) servers.add(server);
      if (servers.size >= atMost) break;
    }
    return servers;
  }

  #roomsOf(user: UserId): ReadonlySet<RoomNid> {
    return this.#rooms.get(user) ?? NOWHERE;
  }

  #isSmall(room: RoomNid): boolean {
    const size = this.#sizes.get(room);
    return size !== undefined && size !== 'large';
  }

  #add(user: UserId, rooms: readonly RoomNid[]): void {
    const counting = rooms.filter((room) => this.#sizes.get(room) !== 'large');
    this.#rooms.set(user, new Set(counting));
    for (const room of counting) this.#index(user, room);
  }

  /** Somebody is in a room now, or not any more. False for who is not loaded. */
  #place(user: UserId, room: RoomNid, isIn: boolean): boolean {
    const rooms = this.#rooms.peek(user);
    if (!rooms) return false;
    const size = this.#sizes.get(room);
    if (isIn && size !== 'large') {
      rooms.add(room);
      this.#index(user, room);
      if (size === undefined) this.#unmeasured.add(room);
    } else if (!isIn && rooms.delete(room)) this.#unindex(user, [room]);
    return true;
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

  #doubt(room: RoomNid): void {
    this.#sizes.delete(room);
    this.#doubtful.add(room);
    this.#deps.onDoubt();
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
      if (difference < 0) this.#doubt(room);
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
    if (this.#sizes.has(room)) this.#doubt(room);
  }

  #index(user: UserId, room: RoomNid): void {
    const members = this.#members.get(room) ?? new Set();
    members.add(user);
    this.#members.set(room, members);
  }

  #unindex(user: UserId, rooms: Iterable<RoomNid>): void {
    for (const room of rooms) {
      const members = this.#members.get(room);
      members?.delete(user);
      if (members?.size === 0) this.#members.delete(room);
    }
  }
}

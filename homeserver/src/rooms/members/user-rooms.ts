import type { RoomId, ServerName, UserId } from '@holm/spec/ids';
import type { LRUCache } from 'lru-cache';
import { isOut } from '../../core/events/membership.ts';
import type { Database } from '../../storage/database.ts';
import type { Position } from '../../streams/stream.ts';
import type { Member, RoomNid } from '../model.ts';
import { membersStore as store } from './members.store.ts';
import { Memberships, type ReadonlyMemberships } from './memberships.ts';
import { weighAgain } from '../../platform/at-most.ts';
import type { IdleCaches } from '../../platform/idle-caches.ts';

/** What a membership takes in memory, about; and nobody has none. */
const BYTES = 200;
/** Who is in more rooms than fill that part of it counts as that, and is kept, too. */
const LARGEST_PART = 8;

export interface UserRoomsDeps {
  readonly db: Database;
  readonly idle: IdleCaches;
  /** For the rooms of all users together. */
  readonly cacheBytes: number;
}

/** What happens while a user's rooms are being read. */
interface Loading {
  readonly changes: Member[];
  readonly removed: Set<RoomNid>;
  readonly done: Promise<Memberships>;
}

/** Each user's rooms, so that following the stream asks the database nothing. */
export class UserRooms {
  readonly #db: Database;
  readonly #cache: LRUCache<UserId, Memberships>;
  /** Changes that were committed while a user's rooms were being read. */
  readonly #loading = new Map<UserId, Loading>();

  constructor({ db, idle, cacheBytes }: UserRoomsDeps) {
    this.#db = db;
    const [maxSize, largest] = [Math.floor(cacheBytes), Math.floor(cacheBytes / LARGEST_PART)];
    const sizeCalculation = ({ size }: Memberships) => Math.min((1 + size) * BYTES, largest);
    this.#cache = idle.create<UserId, Memberships>({ maxSize, sizeCalculation });
  }

  /** All rooms in which the user has any membership, those forgotten left out. */
  async of(user: UserId): Promise<ReadonlyMemberships> {
    const cached = this.atHand(user);
    if (cached) return cached;
    const loading = this.#loading.get(user);
    if (loading) return loading.done;
    const [changes, removed] = [[] as Member[], new Set<RoomNid>()];
    const done: Promise<Memberships> = this.#load(user, changes, removed).then((rooms) => {
      if (this.#loading.get(user)?.done === done) this.#cache.set(user, rooms);
      return rooms;
    });
    this.#loading.set(user, { changes, removed, done });
    const over = () => {
      if (this.#loading.get(user)?.done === done) this.#loading.delete(user);
    };
    done.then(over, over);
    return done;
  }

  /** As `of`, if it is in memory. */
  atHand(user: UserId): ReadonlyMemberships | undefined {
    return this.#cache.get(user);
  }

  /** As `atHand`, for a look that is not theirs: it keeps nobody in memory who has gone. */
  glimpse(user: UserId): ReadonlyMemberships | undefined {
    return this.#peek(user);
  }

  /** Memberships of theirs have been written otherwise than one by one; what was read before is out of date. */
  outdated(users: Iterable<UserId>): void {
    for (const user of users) {
      this.#cache.delete(user);
      this.#loading.delete(user);
    }
  }

  /** A membership has been committed. */
  changed(member: Member): void {
    const { userId, roomNid } = member;
    const known = this.#peek(userId);
    // Whoever is banned from a room that they had left may have forgotten it: then they hear no more of it. The database knows.
    if (isOut(member.membership) && !known?.has(roomNid)) return this.outdated([userId]);
    const size = known?.size;
    known?.set(roomNid, member);
    if (known?.size !== size) weighAgain(this.#cache, userId);
    this.#loading.get(userId)?.changes.push(member);
  }

  /** The room is gone, and with it the membership. */
  removed(user: UserId, room: RoomNid): void {
    this.#peek(user)?.delete(room);
    // Whoever is reading has read it, or not.
    this.#loading.get(user)?.removed.add(room);
  }

  /** Servers through which a room may be reached, as told by the user's invite to it. */
  async via(user: UserId, room: RoomId): Promise<readonly ServerName[]> {
    return store.via(this.#db, room, user);
  }

  /** Whether the user has been in contact with a room at all, be it forgotten. */
  async knows(user: UserId, room: RoomNid): Promise<boolean> {
    return (await this.lastIn(user, [room])).has(room);
  }

  /** What the user was to rooms last, be they forgotten. */
  lastIn(user: UserId, rooms: readonly RoomNid[]): Promise<ReadonlyMap<RoomNid, Member>> {
    return store.lastOfUser(this.#db, rooms, user);
  }

  /** The user wants to hear no more of a room that they are not in. A new membership brings it back, but not what was. */
  async forget(user: UserId, room: RoomNid): Promise<void> {
    await store.forget(this.#db, room, user);
    this.#peek(user)?.delete(room);
  }

  /** Where the user was when they forgot the room last, if ever. */
  async forgottenUpTo({ userId, roomNid }: Pick<Member, 'userId' | 'roomNid'>): Promise<Position | undefined> {
    return store.forgottenUpTo(this.#db, roomNid, userId);
  }

  /** To be told what has changed. That alone keeps nobody in memory who has gone. */
  #peek(user: UserId): Memberships | undefined {
    return this.#cache.peek(user, { allowStale: true });
  }

  async #load(user: UserId, changes: readonly Member[], removed: ReadonlySet<RoomNid>): Promise<Memberships> {
    const rooms = new Memberships(await store.ofUser(this.#db, user));
    for (const member of changes) {
      const read = rooms.get(member.roomNid);
      if (!read || read.position < member.position) rooms.set(member.roomNid, member);
    }
    for (const room of removed) rooms.delete(room);
    return rooms;
  }
}

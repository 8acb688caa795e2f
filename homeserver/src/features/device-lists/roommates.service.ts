import type { DeviceId, ServerName, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Background } from '../../platform/background.ts';
import type { CommitListener } from '../../rooms/commit.ts';
import type { Room } from '../../rooms/room.ts';
import { isAway } from '../../storage/broken.ts';
import type { Database } from '../../storage/database.ts';
import type { DeviceLists } from './device-lists.service.ts';
import type { RemoteLists } from './remote-lists.service.ts';
import { remoteListsStore } from './remote-lists.store.ts';

export interface RoommatesDeps {
  readonly db: Database;
  readonly background: Background;
  readonly serverName: ServerName;
  readonly lists: DeviceLists;
  readonly remote: RemoteLists;
  /** A device with keys of each of these users of ours that have one. */
  readonly devicesOf: (
    users: readonly UserId[],
  ) => Promise<ReadonlyMap<UserId, { deviceId: DeviceId; keys: JsonObject }>>;
  /** The other servers in a room. */
  readonly serversIn: (room: Room) => Promise<readonly ServerName[]>;
}

interface Seen {
  readonly arrivedHere: Map<UserId, Set<Room>>;
  readonly arrivedElsewhere: Set<UserId>;
  readonly departedElsewhere: Set<UserId>;
  /** Rooms that somebody of ours has left. */
  readonly departedHere: Set<Room>;
}

/** Whose lists are kept, and who has to be told of ours, follows from who is in a room with whom. */
export class Roommates {
  readonly #deps: RoommatesDeps;
  #seen = nothing();
  #isWorking = false;

  constructor(deps: RoommatesDeps) {
    this.#deps = deps;
  }

  readonly listener: CommitListener = ({ room, members }) => {
    const { arrivedHere, arrivedElsewhere, departedElsewhere, departedHere } = this.#seen;
    let isNew = false;
    for (const { userId, server, membership, before } of members) {
      if ((membership === 'join') === (before === 'join')) continue;
      isNew = true;
      const isHere = server === this.#deps.serverName;
      if (membership !== 'join') {
        if (isHere) departedHere.add(room);
        else departedElsewhere.add(userId);
      } else if (isHere) arrivedHere.set(userId, (arrivedHere.get(userId) ?? new Set<Room>()).add(room));
      else arrivedElsewhere.add(userId);
    }
    if (isNew && !this.#isWorking) this.#deps.background.run('follow who shares rooms', () => this.#work());
  };

  /** What many members do in a short time is dealt with together. */
  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      for (let seen = this.#take(); seen; seen = this.#take()) await this.#followOrKeep(seen);
    } finally {
      this.#isWorking = false;
    }
  }

  #take(): Seen | undefined {
    const seen = this.#seen;
    if (Object.values(seen).every(({ size }: { size: number }) => size === 0)) return undefined;
    this.#seen = nothing();
    return seen;
  }

  /** What a database could not be told that is away is dealt with together with what comes next. */
  async #followOrKeep(seen: Seen): Promise<void> {
    try {
      await this.#follow(seen);
    } catch (error) {
      if (isAway(error)) this.#seen = both(seen, this.#seen);
      throw error;
    }
  }

  async #follow({ arrivedHere, arrivedElsewhere, departedElsewhere, departedHere }: Seen): Promise<void> {
    const { db, remote, serverName } = this.#deps;
    for (const { nid, members } of departedHere) {
      // Only the last of us takes others' lists along.
      if ((members.loaded?.local.size ?? 0) > 0) continue;
      for (const user of await remoteListsStore.usersElsewhere(db, serverName, nid)) departedElsewhere.add(user);
    }
    if (arrivedElsewhere.size > 0) await remote.arrived([...arrivedElsewhere]);
    if (departedElsewhere.size > 0) await remote.departed([...departedElsewhere]);
    if (arrivedHere.size > 0) await this.#introduce(arrivedHere);
  }

  /** Servers that do not know a newcomer's devices are told that there is something to know. */
  async #introduce(arrived: ReadonlyMap<UserId, ReadonlySet<Room>>): Promise<void> {
    const { db, devicesOf, lists, serversIn } = this.#deps;
    for (const [user, device] of await devicesOf([...arrived.keys()])) {
      const servers = new Set<ServerName>();
      for (const room of arrived.get(user) ?? []) for (const server of await serversIn(room)) servers.add(server);
      if (servers.size > 0) await db.transact((tx) => lists.tellOf(tx, user, device, [...servers]));
    }
  }
}

const nothing = (): Seen => ({
  arrivedHere: new Map(),
  arrivedElsewhere: new Set(),
  departedElsewhere: new Set(),
  departedHere: new Set(),
});

const both = (one: Seen, other: Seen): Seen => {
  const arrivedHere = new Map(one.arrivedHere);
  for (const [user, rooms] of other.arrivedHere) arrivedHere.set(user, rooms.union(arrivedHere.get(user) ?? new Set()));
  return {
    arrivedHere,
    arrivedElsewhere: one.arrivedElsewhere.union(other.arrivedElsewhere),
    departedElsewhere: one.departedElsewhere.union(other.departedElsewhere),
    departedHere: one.departedHere.union(other.departedHere),
  };
};

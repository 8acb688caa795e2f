import { MatrixError } from '@holm/spec/errors';
import { type RoomAlias, type RoomId, type ServerName, serverOf, type UserId } from '@holm/spec/ids';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../storage/database.ts';
import { type AliasRow, aliasesStore as store } from './aliases.store.ts';

/** A room, and servers that may let somebody in. */
export interface ResolvedAlias {
  readonly roomId: RoomId;
  readonly servers: readonly ServerName[];
}

/** Aliases of other servers. Rejects with a `MatrixError` when their server cannot be asked. */
export interface RemoteAliases {
  query(alias: RoomAlias): Promise<ResolvedAlias | undefined>;
}

export interface RoomServers {
  /** The servers that have somebody joined; empty for a room that is not known here. */
  of(roomId: RoomId): Promise<readonly ServerName[]>;
}

export interface RoomRights {
  isJoined(roomId: RoomId, userId: UserId): Promise<boolean>;
  /** Joined, or the room's history is there for the world to read. */
  maySee(roomId: RoomId, userId: UserId): Promise<boolean>;
  /** Has the power to send `m.room.canonical_alias`. */
  maySetCanonicalAlias(roomId: RoomId, userId: UserId): Promise<boolean>;
}

export interface Administrators {
  isAdmin(userId: UserId): Promise<boolean>;
}

/** What rooms say they are called. */
export interface RoomNames {
  /** Somebody has removed an alias of the room. */
  withdrawn(userId: UserId, roomId: RoomId, alias: RoomAlias): Promise<void>;
}

export interface AliasesDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly serverName: ServerName;
  readonly remote: RemoteAliases;
  readonly roomServers: RoomServers;
  readonly rights: RoomRights;
  readonly administrators: Administrators;
  readonly names: RoomNames;
}

/** A joining server tries a few; a room may have thousands. */
const MAX_SERVERS = 100;

/** No room takes longer to be made. */
const LONG_MADE_MS = 3_600_000;

/** The names that rooms have on this server. */
export class Aliases {
  readonly #deps: AliasesDeps;

  constructor(deps: AliasesDeps) {
    this.#deps = deps;
  }

  /** M_NOT_FOUND for an alias that leads nowhere. */
  async resolve(alias: RoomAlias): Promise<ResolvedAlias> {
    if (serverOf(alias) === this.#deps.serverName) return this.resolveLocal(alias);
    const resolved = await this.#deps.remote.query(alias);
    if (!resolved) throw notFound(alias);
    // Whoever knows the name may know a way in, even if it did not list itself.
    return { ...resolved, servers: unique([...resolved.servers, serverOf(alias)]) };
  }

  /** As `resolve`, for aliases of this server only: what other servers may ask. */
  async resolveLocal(alias: RoomAlias): Promise<ResolvedAlias> {
    const { db, roomServers, serverName } = this.#deps;
    const row = await store.get(db, alias);
    if (!row) throw notFound(alias);
    const servers = await roomServers.of(row.roomId);
    return { roomId: row.roomId, servers: unique([serverName, ...servers]).slice(0, MAX_SERVERS) };
  }

  /** The aliases that this server keeps for a room, for those who may see it. */
  async listedFor(userId: UserId, roomId: RoomId): Promise<RoomAlias[]> {
    const { administrators, rights } = this.#deps;
    if (!(await rights.maySee(roomId, userId)) && !(await administrators.isAdmin(userId))) {
      throw new MatrixError('M_FORBIDDEN', 'you are not in that room');
    }
    return this.of(roomId);
  }

  of(roomId: RoomId): Promise<RoomAlias[]> {
    return store.of(this.#deps.db, roomId);
  }

  async isTaken(alias: RoomAlias): Promise<boolean> {
    return (await store.get(this.#deps.db, alias)) !== undefined;
  }

  /** Somebody names a room that they are in. */
  async create(userId: UserId, alias: RoomAlias, roomId: RoomId): Promise<void> {
    if (!(await this.#deps.rights.isJoined(roomId, userId))) {
      throw new MatrixError('M_FORBIDDEN', 'only those in a room may name it');
    }
    await this.link({ alias, roomId, creator: userId });
  }

  /** Names a room without asking who may. M_UNKNOWN with 409 for a name that is taken. */
  async link({ alias, roomId, creator }: Omit<AliasRow, 'createdAt'>): Promise<void> {
    const { clock, db, serverName } = this.#deps;
    if (serverOf(alias) !== serverName) {
      throw new MatrixError('M_INVALID_PARAM', `aliases that are made here end in :${serverName}`);
    }
    const put = await db.transact((tx) => store.put(tx, { alias, roomId, creator, createdAt: clock.now() }));
    if (!put) throw new MatrixError('M_UNKNOWN', `${alias} exists already`, { status: 409 });
  }

  /** Takes all names from a room of which nothing has come. */
  async unlink(roomId: RoomId): Promise<void> {
    await store.removeOf(this.#deps.db, roomId);
  }

  /** Frees the names of rooms that were to be made when this server stopped. */
  async trim(): Promise<void> {
    await store.removeUnmade(this.#deps.db, this.#deps.clock.now() - LONG_MADE_MS);
  }

  /** Lets all names of a room lead to the one that replaces it. */
  async moveAll(from: RoomId, to: RoomId): Promise<void> {
    await this.#deps.db.transact((tx) => store.moveAll(tx, from, to));
  }

  /** For who made the alias, who may choose the room's main one, and administrators. */
  async remove(userId: UserId, alias: RoomAlias): Promise<void> {
    const { db, names } = this.#deps;
    const row = await store.get(db, alias);
    if (!row) throw notFound(alias);
    if (!(await this.#mayRemove(userId, row)))
      throw new MatrixError('M_FORBIDDEN', 'this alias is not yours to remove');
    if (!(await db.transact((tx) => store.remove(tx, alias)))) throw notFound(alias);
    await names.withdrawn(userId, row.roomId, alias);
  }

  async #mayRemove(userId: UserId, { creator, roomId }: AliasRow): Promise<boolean> {
    const { administrators, rights } = this.#deps;
    return (
      creator === userId ||
      (await rights.maySetCanonicalAlias(roomId, userId)) ||
      (await administrators.isAdmin(userId))
    );
  }
}

const notFound = (alias: RoomAlias) => new MatrixError('M_NOT_FOUND', `there is no room called ${alias}`);

const unique = (servers: readonly ServerName[]): ServerName[] => [...new Set(servers)];

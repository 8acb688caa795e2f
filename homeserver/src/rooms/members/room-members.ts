import type { ServerName, UserId } from '@holm/spec/ids';
import type { Database } from '../../storage/database.ts';
import type { RoomNid } from '../model.ts';
import type { MemberChange } from '../write/room-write.ts';
import { membersStore as store } from './members.store.ts';

export interface Presence {
  /** Users of this server in the room: whom to wake. */
  readonly local: Set<UserId>;
  /** Joined users per server: whom to send to. */
  readonly servers: Map<ServerName, number>;
}

/** What V8 takes for a user or a server with its place here. */
const BYTES_PER_NAME = 100;

/**
 * Who of this server is in a room, and which servers are. Loaded when first asked for, then kept up to date.
 *
 * Load it in the room's queue: a write that commits while it is being read would be counted twice or not at all.
 */
export class RoomMembers {
  readonly #db: Database;
  readonly #room: RoomNid;
  readonly #grew: () => void;
  #counts: Presence | undefined;
  #loading: Promise<Presence> | undefined;
  #told: readonly ServerName[] = [];

  /** `grew`: told when `bytes` has changed. */
  constructor(db: Database, room: RoomNid, kind: 'stored' | 'new', grew: () => void) {
    this.#db = db;
    this.#room = room;
    this.#grew = grew;
    if (kind === 'new') this.#counts = { local: new Set(), servers: new Map() };
  }

  get bytes(): number {
    const counts = this.#counts;
    return counts ? (counts.local.size + counts.servers.size) * BYTES_PER_NAME : 0;
  }

  /** Servers that are in the room as others say, though nobody of them is known yet. To be told before the first load. */
  expect(servers: readonly ServerName[]): void {
    this.#told = servers;
  }

  async load(us: ServerName): Promise<Presence> {
    if (this.#counts) return this.#counts;
    this.#loading ??= this.#read(us).finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  /** What is known without asking; absent if nobody has asked yet. */
  get loaded(): Presence | undefined {
    return this.#counts;
  }

  /** Brings the counts up to date with changes that have been committed. */
  changed(us: ServerName, changes: readonly (MemberChange & { readonly before: string | undefined })[]): void {
    const counts = this.#counts;
    if (!counts) return;
    for (const { userId, server, membership, before } of changes) {
      const difference = Number(membership === 'join') - Number(before === 'join');
      if (difference === 0) continue;
      const joined = (counts.servers.get(server) ?? 0) + difference;
      if (joined > 0) counts.servers.set(server, joined);
      else counts.servers.delete(server);
      if (server !== us) continue;
      if (difference > 0) counts.local.add(userId);
      else counts.local.delete(userId);
    }
    if (changes.length > 0) this.#grew();
  }

  async #read(us: ServerName): Promise<Presence> {
    const [local, servers] = await this.#db.read(async (tx) => [
      await store.joinedOf(tx, this.#room, us),
      await store.servers(tx, this.#room),
    ]);
    for (const server of this.#told) if (server !== us) servers.set(server, (servers.get(server) ?? 0) + 1);
    this.#counts = { local: new Set(local), servers };
    this.#grew();
    return this.#counts;
  }
}

/** The servers that have somebody in the room, ours left out. */
export const otherServers = (servers: ReadonlyMap<ServerName, number>, us: ServerName): ServerName[] =>
  [...servers.keys()].filter((server) => server !== us);

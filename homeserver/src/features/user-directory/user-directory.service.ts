import type { ServerName, UserId } from '@holm/spec/ids';
import { profileOf } from '../../core/events/content.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { Database, Tx } from '../../storage/database.ts';
import { type KnownPerson, readPerson, searchFor } from './known-person.ts';
import { type FoundPerson, type Joined, userDirectoryStore as store } from './user-directory.store.ts';

export interface UserDirectoryDeps {
  readonly db: Database;
  readonly engine: Pick<RoomEngine, 'stream' | 'events'>;
  readonly serverName: ServerName;
  /** People find everybody who has an account here. */
  readonly everybody: boolean;
}

interface MemberEvents {
  profileChanged(userId: UserId, profile: { displayname?: string; avatar_url?: string }): Promise<void>;
}

const BATCH = 1_000;
/** What somebody who searches waits for at most; the rest is for the next minute. */
const BATCHES_AT_ONCE = 10;
const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;

/**
 * Finds people by what they are called: those who share a room with the one who searches, and those in rooms that are
 * open to everybody. It is brought up to date from the memberships that have changed since, so messages cost nothing.
 */
export class UserDirectory {
  readonly #deps: UserDirectoryDeps;
  #catchingUp: Promise<void> | undefined;

  constructor(deps: UserDirectoryDeps) {
    this.#deps = deps;
  }

  async search(me: UserId, term: string, wanted = DEFAULT_LIMIT): Promise<{ found: FoundPerson[]; limited: boolean }> {
    const { db, everybody } = this.#deps;
    const query = searchFor(term);
    if (!query) return { found: [], limited: false };
    await this.catchUp();
    const limit = Math.min(wanted, MAX_LIMIT);
    const found = await store.search(db, { me, ...query, limit: limit + 1, everybody });
    return { found: found.slice(0, limit), limited: found.length > limit };
  }

  /** Learns of what has happened since. Who comes meanwhile waits for the next round. */
  async catchUp(): Promise<void> {
    await this.#catchingUp;
    this.#catchingUp ??= this.#bringUpToDate().finally(() => (this.#catchingUp = undefined));
    await this.#catchingUp;
  }

  /** Has somebody's own profile known here as soon as it is to be told to rooms. */
  following(rooms: MemberEvents): MemberEvents {
    return {
      profileChanged: async (userId, profile) => {
        const { displayname: displayName, avatar_url: avatarUrl } = profile;
        await store.put(this.#deps.db, [readPerson(userId, { displayName, avatarUrl }, true)]);
        await rooms.profileChanged(userId, profile);
      },
    };
  }

  async forget(userId: UserId): Promise<void> {
    await store.remove(this.#deps.db, userId);
  }

  async #bringUpToDate(): Promise<void> {
    const { db, everybody } = this.#deps;
    for (let count = 0; count < BATCHES_AT_ONCE; count += 1) {
      const joined = await db.transact((tx) => this.#learn(tx));
      if (joined < BATCH) break;
    }
    if (!everybody) return;
    const unlisted = await store.unlistedAccounts(db, BATCH);
    const nameless = { displayName: undefined, avatarUrl: undefined };
    await store.put(
      db,
      unlisted.map((userId) => readPerson(userId, nameless, false)),
    );
  }

  async #learn(tx: Tx): Promise<number> {
    const { engine } = this.#deps;
    const since = await store.progress(tx);
    const joined = await store.joinedSince(tx, since, engine.stream.settled, BATCH);
    const last = joined.at(-1);
    if (!last) return 0;
    await store.put(tx, await this.#people(tx, joined));
    await store.advance(tx, last);
    return joined.length;
  }

  /** Our own users say themselves who they are: what a room calls them matters only until they have. */
  async #people(tx: Tx, joined: readonly Joined[]): Promise<KnownPerson[]> {
    const { engine, serverName } = this.#deps;
    const ours = joined.filter(({ server }) => server === serverName).map(({ user }) => user);
    const missing = await store.missing(tx, ours);
    const wanted = joined.filter(({ server, user }) => server !== serverName || missing.has(user));
    const events = await engine.events.load(wanted.map(({ event }) => event));
    const people = new Map<UserId, KnownPerson>();
    for (const { user, event, isPublic } of wanted) {
      const content = events.get(event)?.event.content;
      if (!content || (people.get(user)?.isPublic === true && !isPublic)) continue;
      people.set(user, readPerson(user, profileOf(content), isPublic));
    }
    return [...people.values()];
  }
}

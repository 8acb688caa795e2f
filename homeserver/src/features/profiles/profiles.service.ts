import { isDeepStrictEqual } from 'node:util';
import { MatrixError } from '@holm/spec/errors';
import { type ServerName, serverOf, type UserId } from '@holm/spec/ids';
import type { Json } from '@holm/spec/json';
import { LRUCache } from 'lru-cache';
import { atMost } from '../../platform/at-most.ts';
import type { Background } from '../../platform/background.ts';
import type { Clock } from '../../platform/clock.ts';
import { KeyedQueue } from '../../platform/keyed-queue.ts';
import type { Database } from '../../storage/database.ts';
import { withChanges } from './changed-fields.ts';
import {
  assertKey,
  isShownInRooms,
  memberProfileOf,
  type MemberProfile,
  type Profile,
  withField,
  withoutField,
} from './profile.ts';
import type { ProfileNews } from './profile-news.service.ts';
import { profilesStore as store } from './profiles.store.ts';

/** Profiles of other servers' users. Rejects with a `MatrixError` when their server cannot be asked. */
export interface RemoteProfiles {
  /** All fields, or only the one. Undefined when their server knows of no such user or field. */
  query(userId: UserId, field?: string): Promise<Profile | undefined>;
}

/** The rooms, which repeat name and picture in member events. */
export interface MemberEvents {
  /** Brings the user's member events up to date. It is called again after a failure, so it must not mind repetition. */
  profileChanged(userId: UserId, profile: MemberProfile): Promise<void>;
}

export interface LocalUsers {
  exists(userId: UserId): Promise<boolean>;
}

export interface ProfilesDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly background: Background;
  readonly serverName: ServerName;
  readonly users: LocalUsers;
  readonly remote: RemoteProfiles;
  readonly memberEvents: MemberEvents;
  readonly news: Pick<ProfileNews, 'claim'>;
}

const REMOTE_CACHE_SIZE = 10_000;
const REMOTE_CACHE_MS = 60_000;

interface Remembered {
  readonly profile: Profile | undefined;
  readonly at: number;
}

/** What people tell about themselves. */
export class Profiles {
  readonly #deps: ProfilesDeps;
  readonly #remote = new LRUCache<string, Remembered>(atMost(REMOTE_CACHE_SIZE));
  readonly #propagation = new KeyedQueue<UserId>();

  constructor(deps: ProfilesDeps) {
    this.#deps = deps;
  }

  /** Anybody's profile, or only one field of it. M_NOT_FOUND without such a user or field. */
  async get(userId: UserId, field?: string): Promise<Profile> {
    if (serverOf(userId) === this.#deps.serverName) return this.localProfile(userId, field);
    const profile = await this.#askRemote(userId, field);
    if (!profile) throw new MatrixError('M_NOT_FOUND', 'there is no such user');
    return field === undefined ? profile : only(profile, field);
  }

  /** As `get`, for users of this server only: what other servers may ask. */
  async localProfile(userId: UserId, field?: string): Promise<Profile> {
    const { db, serverName, users } = this.#deps;
    if (serverOf(userId) !== serverName || !(await users.exists(userId))) {
      throw new MatrixError('M_NOT_FOUND', 'there is no such user');
    }
    const { fields } = await store.get(db, userId);
    return field === undefined ? fields : only(fields, field);
  }

  /** What a local user's member events are to say. */
  async memberProfile(userId: UserId): Promise<MemberProfile> {
    return memberProfileOf((await store.get(this.#deps.db, userId)).fields);
  }

  async set(userId: UserId, key: string, value: Json): Promise<void> {
    assertKey(key);
    await this.#change(userId, key, (profile) => withField(profile, key, value));
  }

  /** Removing what is not there is fine. */
  async remove(userId: UserId, key: string): Promise<void> {
    assertKey(key);
    await this.#change(userId, key, (profile) => withoutField(profile, key));
  }

  /** Forgets what somebody told, without a word to rooms: for accounts that are closed. */
  async erase(userId: UserId): Promise<void> {
    const { db, news } = this.#deps;
    await db.transact(async (tx) => {
      const { fields, version, changed } = await store.lock(tx, userId);
      const position = await news.claim(tx, userId);
      const gone = withChanges(changed, Object.keys(fields), { now: {}, position });
      await store.put(tx, userId, { fields: {}, version, changed: gone }, position);
    });
  }

  /** Takes up what an earlier run, or a failure, left undone. Meant for the start and for every few minutes. */
  async resume(): Promise<void> {
    for (const userId of await store.unpropagated(this.#deps.db)) this.#tellRooms(userId);
  }

  async #change(userId: UserId, key: string, change: (profile: Profile) => Profile): Promise<void> {
    const { db, news } = this.#deps;
    await db.transact(async (tx) => {
      const { fields, version, changed } = await store.lock(tx, userId);
      const now = change(fields);
      if (isDeepStrictEqual(now[key], fields[key])) return;
      const rooms = isShownInRooms(key);
      const position = await news.claim(tx, userId);
      const next = { fields: now, version: rooms ? version + 1 : version };
      await store.put(tx, userId, { ...next, changed: withChanges(changed, [key], { now, position }) }, position);
      if (rooms) tx.afterCommit(() => this.#tellRooms(userId));
    });
  }

  /** One user's changes in order. Those that came together are told as one. */
  #tellRooms(userId: UserId): void {
    const { background, db, memberEvents } = this.#deps;
    background.run('tell rooms of a profile', () =>
      this.#propagation.run(userId, async () => {
        const { fields, propagated, version } = await store.get(db, userId);
        if (propagated === version) return;
        await memberEvents.profileChanged(userId, memberProfileOf(fields));
        await db.transact((tx) => store.markPropagated(tx, userId, version));
      }),
    );
  }

  async #askRemote(userId: UserId, field: string | undefined): Promise<Profile | undefined> {
    const { clock, remote } = this.#deps;
    const key = `${userId} ${field ?? ''}`;
    const known = this.#remote.get(key);
    if (known && clock.now() - known.at < REMOTE_CACHE_MS) return known.profile;
    const profile = await remote.query(userId, field);
    this.#remote.set(key, { profile, at: clock.now() });
    return profile;
  }
}

const only = (profile: Profile, field: string): Profile => {
  const value = Object.hasOwn(profile, field) ? profile[field] : undefined;
  if (value === undefined) throw new MatrixError('M_NOT_FOUND', 'this user has no such profile field');
  return { [field]: value };
};

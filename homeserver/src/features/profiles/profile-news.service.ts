import type { UserId } from '@holm/spec/ids';
import type { LRUCache } from 'lru-cache';
import { atMost } from '../../platform/at-most.ts';
import type { Background } from '../../platform/background.ts';
import type { IdleCaches } from '../../platform/idle-caches.ts';
import { slices } from '../../platform/turns.ts';
import type { ReadonlyMemberships } from '../../rooms/members/memberships.ts';
import type { Database, Tx } from '../../storage/database.ts';
import { LoggedChanges } from '../../streams/logged-changes.ts';
import type { Notifier } from '../../streams/notifier.ts';
import type { SequencedStream } from '../../streams/sequenced-stream.ts';
import type { Position, Stream } from '../../streams/stream.ts';
import { changesSince, type ProfileChange } from './changed-fields.ts';
import type { Profile } from './profile.ts';
import { profilesStore as store } from './profiles.store.ts';

type Rooms = Pick<ReadonlyMemberships, 'joined'>;

export interface ProfileNewsDeps {
  readonly db: Database;
  readonly background: Background;
  readonly idle: IdleCaches;
  readonly stream: SequencedStream;
  readonly notifier: Notifier;
  /** Somebody's rooms. */
  readonly roomsOf: (user: UserId) => Promise<Rooms>;
  /** The same, if it is in memory, for a look that is not theirs: who has gone is not kept there for it. */
  readonly glimpseOf: (user: UserId) => Rooms | undefined;
}

export interface ProfilesTold {
  readonly users: ReadonlyMap<UserId, ProfileChange>;
  readonly reached: Position;
}

/** Users of whom one answer tells; the next ones follow at once. */
const BATCH = 500;
/** Of those who ask for such news, so many are woken. */
const FOLLOWERS = 20_000;
/** After so many of them, others have a turn. */
const AT_ONCE = 1_000;
/** Of somebody who has asked there is nothing else to know. */
const ASKED = {};

/** What becomes of the profiles of our users, for those who share a room with them. */
export class ProfileNews {
  readonly #deps: ProfileNewsDeps;
  readonly #changes: LoggedChanges<UserId>;
  /** Who has asked. */
  readonly #followers: LRUCache<UserId, object>;

  constructor(deps: ProfileNewsDeps) {
    this.#deps = deps;
    this.#changes = new LoggedChanges(deps.stream.settled);
    this.#followers = deps.idle.create(atMost(FOLLOWERS));
  }

  get stream(): Stream {
    return this.#deps.stream;
  }

  /** The position of a change that `tx` is about to make. */
  async claim(tx: Tx, user: UserId): Promise<Position> {
    const { background, stream } = this.#deps;
    const position = await stream.claimNext(tx);
    tx.afterEnd(() => stream.release(position));
    tx.afterCommit(() => {
      this.#changes.note(user, position);
      stream.whenSettled(position, () => background.run('tell of a profile', () => this.#wake(user)));
    });
    return position;
  }

  /** What has changed since a position of those who share a room with somebody, and of themselves. */
  async since(reader: UserId, after: Position, upTo: Position): Promise<ProfilesTold> {
    this.#followers.set(reader, ASKED);
    if (after >= upTo || !(await this.#mayConcern(reader, after))) return { users: new Map(), reached: upTo };
    const { joined } = await this.#deps.roomsOf(reader);
    const rows = await store.changedSince(this.#deps.db, { reader, rooms: [...joined], after, limit: BATCH });
    const users = rows.map(
      ({ user_id: user, fields, changed }) => [user, changesSince(fields, changed, after)] as const,
    );
    return { users: new Map(users), reached: rows.length < BATCH ? upTo : (rows.at(-1)?.position ?? upTo) };
  }

  /** As they are now. */
  async of(users: readonly UserId[]): Promise<ReadonlyMap<UserId, Profile>> {
    if (users.length === 0) return new Map();
    const rows = await store.all(this.#deps.db, users);
    return new Map(rows.map(({ user_id: user, fields }) => [user, fields]));
  }

  async #mayConcern(reader: UserId, after: Position): Promise<boolean> {
    const changed = this.#changes.among(EVERYBODY, after);
    if (!changed) return true;
    if (changed.size === 0) return false;
    const rooms = await this.#deps.roomsOf(reader);
    for (const user of changed) if (user === reader || this.#mayBeIn(rooms, user)) return true;
    return false;
  }

  async #wake(user: UserId): Promise<void> {
    const { roomsOf, notifier } = this.#deps;
    const followers = [...this.#followers.keys()];
    if (followers.length === 0) return;
    const rooms = await roomsOf(user);
    for await (const some of slices(followers, AT_ONCE)) {
      notifier.wake(some.filter((follower) => follower === user || this.#mayBeIn(rooms, follower)));
    }
  }

  /** Wrong only in saying yes: of whom nothing is in memory. Whoever is woken for nothing finds nothing. */
  #mayBeIn({ joined }: Rooms, user: UserId): boolean {
    const theirs = this.#deps.glimpseOf(user);
    return theirs === undefined || !theirs.joined.isDisjointFrom(joined);
  }
}

const EVERYBODY = { size: Infinity, has: () => true };

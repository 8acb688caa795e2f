import { MatrixError } from '@holm/spec/errors';
import type { EventId, RoomId, UserId } from '@holm/spec/ids';
import { LRUCache } from 'lru-cache';
import { relationOf } from '../../core/events/content.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { RoomNid, StoredEvent } from '../../rooms/model.ts';
import { notFound } from '../../rooms/timeline/event-lookup.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { Notifier } from '../../streams/notifier.ts';
import type { SequencedStream } from '../../streams/sequenced-stream.ts';
import type { Position, Range, Stream } from '../../streams/stream.ts';
import { subscriptionsToken } from '../../streams/tokens.ts';
import { VersionedChanges } from '../../streams/versioned-changes.ts';
import { threadOf } from '../receipts/index.ts';
import type { ThreadChange } from './subscription.ts';
import { type StoredChange, type Thread, threadSubscriptionsStore as store } from './thread-subscriptions.store.ts';
import { atMost } from '../../platform/at-most.ts';

export interface ThreadSubscriptionsDeps {
  readonly db: Database;
  readonly engine: Pick<RoomEngine, 'lookup' | 'events' | 'stream' | 'visible'>;
  readonly stream: SequencedStream;
  readonly notifier: Notifier;
  /** What notifies somebody depends on which threads they follow. */
  readonly rules: { threadsChanged(user: UserId): Promise<void> };
}

export interface ThreadName {
  readonly roomId: RoomId;
  readonly root: EventId;
}

export interface ThreadChanges {
  /** The newest ones, newest first. */
  readonly changed: readonly ThreadChange[];
  /** From where the others can be had, if there are any. */
  readonly more: string | undefined;
}

/** Threads of one user; more are followed by nobody who reads them. */
const MOST = 20_000;
const CACHED_USERS = 10_000;

interface Followed {
  readonly version: number;
  readonly threads: ReadonlyMap<RoomNid, ReadonlySet<EventId>>;
}

/** Which threads people follow: https://github.com/matrix-org/matrix-spec-proposals/pull/4306 */
export class ThreadSubscriptions {
  readonly #deps: ThreadSubscriptionsDeps;
  readonly #changes: VersionedChanges<UserId>;
  readonly #followed = new LRUCache<UserId, Followed>(atMost(CACHED_USERS));

  constructor(deps: ThreadSubscriptionsDeps) {
    this.#deps = deps;
    this.#changes = new VersionedChanges(deps.stream.settled);
  }

  get stream(): Stream {
    return this.#deps.stream;
  }

  /** M_NOT_FOUND for a thread that is not followed, or not to be seen. */
  async get(user: UserId, name: ThreadName): Promise<{ readonly automatic: boolean }> {
    const stored = await store.get(this.#deps.db, await this.#thread(user, name));
    if (stored?.subscribed !== true) throw new MatrixError('M_NOT_FOUND', 'you do not follow this thread');
    return { automatic: stored.automatic };
  }

  /**
   * `cause`: the event for which a client does this by itself. M_NOT_FOUND for a thread that is not to be seen, M_NOT_IN_THREAD
   * for a cause that is not of it, and M_CONFLICTING_UNSUBSCRIPTION where the user has ceased to follow it since the cause.
   */
  async subscribe(user: UserId, name: ThreadName, cause: EventId | undefined): Promise<void> {
    const thread = await this.#thread(user, name);
    const because = cause === undefined ? undefined : ((await this.#cause(thread, cause)).position ?? 0);
    const wish = { cause: because, most: MOST };
    if (await this.#change(user, (tx, position) => store.subscribe(tx, thread, wish, position))) return;
    const stored = await store.get(this.#deps.db, thread);
    if (stored?.subscribed === true) return;
    if (stored) {
      throw new MatrixError('IO.ELEMENT.MSC4306.M_CONFLICTING_UNSUBSCRIPTION', 'you have ceased to follow it since');
    }
    throw new MatrixError('M_FORBIDDEN', `nobody can follow more than ${MOST} threads`);
  }

  /** Ceasing to follow what one does not follow is fine. M_NOT_FOUND for a thread that is not to be seen. */
  async unsubscribe(user: UserId, name: ThreadName): Promise<void> {
    const thread = await this.#thread(user, name);
    await this.#change(user, (tx, position) => {
      return store.unsubscribe(tx, thread, { seen: this.#deps.engine.stream.settled, position });
    });
  }

  /** The newest changes of a stretch. */
  async changes(user: UserId, range: Range, limit: number): Promise<ThreadChanges> {
    const found = await store.changed(this.#deps.db, user, range, limit + 1);
    const changed = found.slice(0, limit);
    const oldest = changed.at(-1)?.position ?? 0;
    const more = found.length > limit ? subscriptionsToken((oldest - 1) as Position) : undefined;
    return { changed: changed.map(toChange), more };
  }

  /** Answers from memory; wrong only in saying yes. */
  mayHaveChanged(user: UserId, after: Position): boolean {
    return this.#changes.mayHaveChanged(user, after);
  }

  /** The same object until something changes. */
  async subscribedBy(user: UserId): Promise<Followed['threads']> {
    const version = this.#changes.versionOf(user);
    const known = this.#followed.get(user);
    if (known?.version === version) return known.threads;
    const rows = await store.followed(this.#deps.db, user);
    const byRoom = Map.groupBy(rows, ({ room_nid: room }) => room);
    const threads = new Map([...byRoom].map(([room, some]) => [room, new Set(some.map(({ root_id: root }) => root))]));
    this.#followed.set(user, { version, threads });
    return threads;
  }

  /** For accounts that are closed. */
  async erase(user: UserId): Promise<void> {
    await store.removeAll(this.#deps.db, user);
  }

  /** An event that has no relation can be the root of a thread, whether anybody has answered it yet or not. */
  async #thread(userId: UserId, { roomId, root }: ThreadName): Promise<Thread> {
    const { engine } = this.#deps;
    const access = await engine.lookup.accessOrNothing(userId, roomId);
    const sight = await engine.visible.sight(userId, access.room);
    const event = await engine.lookup.event({ sight, ignored: NOBODY }, access, root);
    if (relationOf(event.event.content) !== undefined) throw notFound();
    return { userId, room: access.room.nid, root };
  }

  async #cause({ room, root }: Thread, cause: EventId): Promise<StoredEvent> {
    const { events } = this.#deps.engine;
    const contentOf = async (id: EventId) => (await events.byId(id))?.event.content;
    const event = await events.byId(cause);
    if (event?.roomNid === room && (await threadOf(cause, contentOf)) === root) return event;
    throw new MatrixError('IO.ELEMENT.MSC4306.M_NOT_IN_THREAD', 'the event is not in this thread');
  }

  async #change(user: UserId, change: (tx: Tx, position: Position) => Promise<boolean>): Promise<boolean> {
    const { db, notifier, rules, stream } = this.#deps;
    const isChanged = await db.transact(async (tx) => {
      const position = await stream.claimNext(tx);
      tx.afterEnd(() => stream.release(position));
      const changed = await change(tx, position);
      if (!changed) return false;
      tx.afterCommit(() => {
        this.#changes.note(user, position);
        stream.whenSettled(position, () => notifier.wake([user]));
      });
      return true;
    });
    if (isChanged) await rules.threadsChanged(user);
    return isChanged;
  }
}

const NOBODY: ReadonlySet<UserId> = new Set();

const toChange = ({ room_id, root_id, subscribed, automatic, position }: StoredChange): ThreadChange => ({
  roomId: room_id,
  root: root_id,
  automatic: subscribed ? automatic : undefined,
  bumpStamp: position,
});

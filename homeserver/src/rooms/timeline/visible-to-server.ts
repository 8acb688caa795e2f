import type { ServerName, UserId } from '@holm/spec/ids';
import type { StateKey } from '../../core/auth/selection.ts';
import { type HistoryVisibility, historyVisibilityOf, membershipOf } from '../../core/events/content.ts';
import type { Membership } from '../../core/events/membership.ts';
import { redactEvent } from '../../core/events/to-event.ts';
import { mayServerSee } from '../../core/visibility/visibility.ts';
import { isExpired } from '../../core/rooms/retention.ts';
import type { Database } from '../../storage/database.ts';
import { membersStore } from '../members/members.store.ts';
import type { SnapshotId, StoredEvent } from '../model.ts';
import type { Room } from '../room.ts';
import type { States } from '../state/states.ts';
import type { Retention } from '../upkeep/retention.ts';

const VISIBILITY: StateKey = ['m.room.history_visibility', ''];

/** Users of a server that are looked up at a time. */
const USERS_AT_ONCE = 200;

type Placed = StoredEvent & { readonly snapshot: SnapshotId };

interface Moment {
  readonly historyVisibility: HistoryVisibility;
  readonly memberships: readonly Membership[];
}

/**
 * Which events another server may have. Most rooms show their history to whoever is in them now; only where one does
 * not are the server's users looked up in the state at the event.
 */
export class VisibleToServer {
  readonly #db: Database;
  readonly #states: States;
  readonly #retention: Pick<Retention, 'horizon'>;

  constructor(
    db: Database,
    { states, retention }: { readonly states: States; readonly retention: Pick<Retention, 'horizon'> },
  ) {
    this.#db = db;
    this.#states = states;
    this.#retention = retention;
  }

  /** Those of `events` that the server may see. */
  async filter(server: ServerName, room: Room, events: readonly StoredEvent[]): Promise<StoredEvent[]> {
    const views = await this.#views(server, room, events);
    return views.filter(({ mayBeSeen }) => mayBeSeen).map(({ event }) => event);
  }

  /**
   * Events as the server may have them: redacted where it may not see them, because it still has to know how the room's
   * events follow each other. Rejected ones are left out.
   */
  async reveal(server: ServerName, room: Room, events: readonly StoredEvent[]): Promise<StoredEvent[]> {
    const views = await this.#views(server, room, events);
    return views.map(({ event, mayBeSeen }) => (mayBeSeen ? event : { ...event, event: redactEvent(event.event) }));
  }

  async #views(
    server: ServerName,
    room: Room,
    events: readonly StoredEvent[],
  ): Promise<readonly { readonly event: StoredEvent; readonly mayBeSeen: boolean }[]> {
    const joinedSince = await membersStore.isServerJoined(this.#db, room.nid, server);
    const horizon = await this.#retention.horizon(room);
    const placed = events.filter(
      (event): event is Placed => event.status !== 'rejected' && event.snapshot !== undefined,
    );
    // Those of different states together: each by itself would be a query.
    const snapshots = [...new Set(placed.map(({ snapshot }) => snapshot))];
    const moments = await Promise.all(snapshots.map((snapshot) => this.#at(server, room, snapshot)));
    const momentAt = new Map(snapshots.map((snapshot, i) => [snapshot, moments[i]]));
    return placed.map((event) => {
      const moment = momentAt.get(event.snapshot);
      const mayBeSeen =
        moment !== undefined &&
        !isExpired(event.event, horizon) &&
        mayServerSee(event.event, { server, joinedSince, ...moment });
      return { event, mayBeSeen };
    });
  }

  async #at(server: ServerName, room: Room, snapshot: SnapshotId): Promise<Moment> {
    const visibility = historyVisibilityOf((await this.#states.get(room, snapshot, VISIBILITY))?.event.content);
    if (visibility === 'shared' || visibility === 'world_readable')
      return { historyVisibility: visibility, memberships: [] };
    const memberships = new Set<Membership>();
    for await (const users of this.#usersOf(server, room)) {
      const members = users.map((user): StateKey => ['m.room.member', user]);
      for (const { event } of (await this.#states.view(room, snapshot, members)).values()) {
        const membership = membershipOf(event);
        if (membership !== undefined) memberships.add(membership);
      }
      // Nothing shows more than that.
      if (memberships.has('join')) break;
    }
    return { historyVisibility: visibility, memberships: [...memberships] };
  }

  /** A server may have thousands of users in a room. */
  async *#usersOf(server: ServerName, room: Room): AsyncGenerator<readonly UserId[], void> {
    for (let after = ''; ;) {
      const users = await membersStore.ofServer(this.#db, room.nid, server, { after, limit: USERS_AT_ONCE });
      if (users.length > 0) yield users;
      const last = users.at(-1);
      if (last === undefined || users.length < USERS_AT_ONCE) return;
      after = last;
    }
  }
}

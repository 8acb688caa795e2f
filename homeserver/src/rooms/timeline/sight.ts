import type { UserId } from '@holm/spec/ids';
import { type HistoryVisibility, historyVisibilityOf, membershipOf } from '../../core/events/content.ts';
import type { Membership } from '../../core/events/membership.ts';
import { stateKey as keyString } from '../../core/state/state-key.ts';
import { mayMemberSee, mayUserSee } from '../../core/visibility/visibility.ts';
import { isExpired } from '../../core/rooms/retention.ts';
import type { SnapshotId, StoredEvent } from '../model.ts';
import type { Room } from '../room.ts';
import type { States } from '../state/states.ts';

const VISIBILITY = ['m.room.history_visibility', ''] as const;

interface Moment {
  readonly historyVisibility: HistoryVisibility;
  /** Before the event; absent for somebody who had none. */
  readonly membership: Membership | undefined;
}

/** An event's place in a room, as far as its visibility depends on nothing else. */
export interface Place {
  readonly ord: number | undefined;
  /** State before it; absent for events whose place is not known, and which are in no timeline. */
  readonly snapshot: SnapshotId | undefined;
}

/** Who looks at a room. */
export interface Viewpoint {
  readonly user: UserId;
  readonly room: Room;
  /** The place in the timeline up to which the user has been in the room at some time since; none if never. */
  readonly joinedUntil: number | undefined;
  /** Messages from before that have expired; absent where none do. */
  readonly horizon: number | undefined;
}

/**
 * What one user may see of one room: https://spec.matrix.org/latest/client-server-api/#room-history-visibility
 *
 * For the time of one request: neighbouring events mostly have the same state before them, which is looked up once for
 * all of them, and those of different states together.
 */
export class Sight {
  readonly user: UserId;
  readonly room: Room;
  readonly #states: States;
  readonly #joinedUntil: number | undefined;
  readonly #horizon: number | undefined;
  readonly #moments = new Map<SnapshotId, Promise<Moment>>();

  constructor({ user, room, joinedUntil, horizon }: Viewpoint, states: States) {
    this.user = user;
    this.room = room;
    this.#states = states;
    this.#joinedUntil = joinedUntil;
    this.#horizon = horizon;
  }

  /** What was sent before, state aside, has expired; absent where nothing does. */
  get horizon(): number | undefined {
    return this.#horizon;
  }

  /** Those of `events` that the user may see. */
  async see(events: readonly StoredEvent[]): Promise<StoredEvent[]> {
    const moments = await this.#momentsOf(events);
    return events.filter((stored) => {
      const moment = isHidden(stored, this.#horizon) ? undefined : momentOf(stored, moments);
      return moment && mayUserSee(stored.event, { user: this.user, ...moment, joinedSince: this.#joinedSince(stored) });
    });
  }

  /** As `see`, for events of which no more is known; those that set the room's state may be taken for hidden. */
  async seePlaces<P extends Place>(places: readonly P[]): Promise<P[]> {
    const moments = await this.#momentsOf(places);
    return places.filter((place) => {
      const moment = momentOf(place, moments);
      return moment && mayMemberSee({ ...moment, joinedSince: this.#joinedSince(place) });
    });
  }

  /** What the user was when each of `events` happened, with what the event itself made of that. */
  async memberships(events: readonly StoredEvent[]): Promise<(Membership | undefined)[]> {
    const moments = await this.#momentsOf(events);
    return events.map((stored) => {
      const own = stored.event.stateKey === this.user ? membershipOf(stored.event) : undefined;
      const moment = momentOf(stored, moments);
      return own ?? (moment && (moment.membership ?? 'leave'));
    });
  }

  /** Whether the user is in the room, and it shows its members everything. What it hid before counts for little. */
  async isOpen(): Promise<boolean> {
    if (this.#joinedUntil !== Infinity || !this.room.head) return false;
    const { historyVisibility } = await this.#moment(this.room.head.snapshot);
    return historyVisibility === 'shared' || historyVisibility === 'world_readable';
  }

  #joinedSince({ ord = 0 }: Place): boolean {
    return this.#joinedUntil !== undefined && ord < this.#joinedUntil;
  }

  async #momentsOf(places: readonly Place[]): Promise<ReadonlyMap<SnapshotId, Moment>> {
    const snapshots = new Set<SnapshotId>();
    for (const { snapshot } of places) if (snapshot !== undefined) snapshots.add(snapshot);
    return new Map(await Promise.all([...snapshots].map(async (id) => [id, await this.#moment(id)] as const)));
  }

  #moment(snapshot: SnapshotId): Promise<Moment> {
    const known = this.#moments.get(snapshot);
    if (known) return known;
    const moment = this.#readMoment(snapshot);
    this.#moments.set(snapshot, moment);
    return moment;
  }

  async #readMoment(snapshot: SnapshotId): Promise<Moment> {
    const member = ['m.room.member', this.user] as const;
    const view = await this.#states.view(this.room, snapshot, [VISIBILITY, member]);
    const memberEvent = view.get(keyString(...member))?.event;
    return {
      historyVisibility: historyVisibilityOf(view.get(keyString(...VISIBILITY))?.event.content),
      membership: memberEvent && membershipOf(memberEvent),
    };
  }
}

const isHidden = ({ status, event }: StoredEvent, horizon: number | undefined): boolean =>
  status === 'rejected' || status === 'withheld' || isExpired(event, horizon);

const momentOf = ({ snapshot }: Place, moments: ReadonlyMap<SnapshotId, Moment>): Moment | undefined =>
  snapshot === undefined ? undefined : moments.get(snapshot);

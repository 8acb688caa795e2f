import type { UserId } from '@holm/spec/ids';
import { historyVisibilityOf, membershipOf, type HistoryVisibility } from '../../core/events/content.ts';
import type { Membership } from '../../core/events/membership.ts';
import { stateKey as keyString } from '../../core/state/state-key.ts';
import { mayUserSee } from '../../core/visibility/visibility.ts';
import type { Events } from '../events.ts';
import type { UserRooms } from '../members/user-rooms.ts';
import type { Member, SnapshotId, StoredEvent } from '../model.ts';
import type { Room } from '../room.ts';
import type { States } from '../state/states.ts';

const VISIBILITY = ['m.room.history_visibility', ''] as const;

/** Somebody may have been banned, unbanned and invited since they left. */
const MAX_STEPS_BACK = 20;

interface Moment {
  readonly historyVisibility: HistoryVisibility;
  readonly membership: Membership | undefined;
}

/**
 * Which events somebody may see: https://spec.matrix.org/latest/client-server-api/#room-history-visibility
 *
 * Neighbouring events mostly have the same state before them, so the state is looked up once for each run of them.
 */
export class Visible {
  readonly #states: States;
  readonly #events: Events;
  readonly #userRooms: UserRooms;

  constructor(states: States, events: Events, userRooms: UserRooms) {
    this.#states = states;
    this.#events = events;
    this.#userRooms = userRooms;
  }

  async toUser(user: UserId, room: Room, events: readonly StoredEvent[]): Promise<StoredEvent[]> {
    const member = (await this.#userRooms.of(user)).get(room.nid);
    const until = await this.#joinedUntil(member);
    const moments = new Map<SnapshotId, Moment>();
    const seen: StoredEvent[] = [];
    for (const event of events) {
      if (event.status === 'rejected' || event.status === 'withheld' || event.snapshot === undefined) continue;
      const moment = moments.get(event.snapshot) ?? (await this.#moment(room, event.snapshot, user));
      moments.set(event.snapshot, moment);
      const joinedSince = until !== undefined && (event.ord ?? 0) < until;
      if (mayUserSee(event.event, { user, ...moment, joinedSince })) seen.push(event);
    }
    return seen;
  }

  /** The place in the timeline up to which the user has been in the room at some time since; none if never. */
  async #joinedUntil(member: Member | undefined): Promise<number | undefined> {
    if (member === undefined) return undefined;
    if (member.membership === 'join') return Infinity;
    return (await this.endOfStay(member))?.ord;
  }

  /** The event that ended the last stay of somebody who is not in the room; absent if there was none. */
  async endOfStay(member: Member): Promise<StoredEvent | undefined> {
    let end = await this.#events.byNid(member.eventNid);
    for (let step = 0; end?.replaces !== undefined && step < MAX_STEPS_BACK; step++) {
      const before = await this.#events.byNid(end.replaces);
      if (before && membershipOf(before.event) === 'join') return end;
      end = before;
    }
    return undefined;
  }

  async #moment(room: Room, snapshot: SnapshotId, user: UserId): Promise<Moment> {
    const member = ['m.room.member', user] as const;
    const view = await this.#states.view(room, snapshot, [VISIBILITY, member]);
    const memberEvent = view.get(keyString(...member))?.event;
    return {
      historyVisibility: historyVisibilityOf(view.get(keyString(...VISIBILITY))?.event.content),
      membership: memberEvent && membershipOf(memberEvent),
    };
  }
}

import { membershipOf } from '../../core/events/content.ts';
import type { Events } from '../events.ts';
import type { Member, StoredEvent } from '../model.ts';
import type { UserRooms } from './user-rooms.ts';

export interface Departure {
  /** The event that ended the last stay in the room. */
  readonly event: StoredEvent;
  /** The join, or change of profile, that it ended. */
  readonly join: StoredEvent;
}

/** As much of a membership as leads to those before it. */
export type Whereabouts = Pick<Member, 'roomNid' | 'userId' | 'eventNid'>;

/** When people were in rooms. */
export class Stays {
  readonly #events: Events;
  readonly #userRooms: Pick<UserRooms, 'forgottenUpTo'>;

  constructor(events: Events, userRooms: Pick<UserRooms, 'forgottenUpTo'>) {
    this.#events = events;
    this.#userRooms = userRooms;
  }

  /**
   * How somebody who is not in a room came to leave it; nothing for who never was in it, or has forgotten that they
   * were. They may have been banned, unbanned and invited since, however often.
   */
  async departureOf(member: Whereabouts): Promise<Departure | undefined> {
    const departure = await this.#lastDeparture(member);
    return departure && !(await this.#isForgotten(member, departure)) ? departure : undefined;
  }

  async #lastDeparture(member: Whereabouts): Promise<Departure | undefined> {
    let event = await this.#events.byNid(member.eventNid);
    if (!event) return undefined;
    for await (const before of this.#events.replacedBy(event)) {
      if (membershipOf(before.event) === 'join') return { event, join: before };
      event = before;
    }
    return undefined;
  }

  /** A departure that nothing has followed is not: from forgetting on until something happens, there is no membership. */
  async #isForgotten(member: Whereabouts, { event }: Departure): Promise<boolean> {
    if (event.nid === member.eventNid) return false;
    const upTo = await this.#userRooms.forgottenUpTo(member);
    return upTo !== undefined && (event.position ?? 0) <= upTo;
  }
}

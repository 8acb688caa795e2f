import { membershipOf } from '../../core/events/content.ts';
import type { Events } from '../events.ts';
import type { Member, StoredEvent } from '../model.ts';

export interface Departure {
  /** The event that ended the last stay in the room. */
  readonly event: StoredEvent;
  /** The join, or change of profile, that it ended. */
  readonly join: StoredEvent;
}

/** When people were in rooms. */
export class Stays {
  readonly #events: Events;

  constructor(events: Events) {
    this.#events = events;
  }

  /**
   * How somebody who is not in a room came to leave it; nothing for who never was in it. They may have been banned,
   * unbanned and invited since, however often.
   */
  async departureOf(member: Member): Promise<Departure | undefined> {
    let event = await this.#events.byNid(member.eventNid);
    if (!event) return undefined;
    for await (const before of this.#events.replacedBy(event)) {
      if (membershipOf(before.event) === 'join') return { event, join: before };
      event = before;
    }
    return undefined;
  }
}

import type { EventId } from '@holm/spec/ids';
import type { Event } from '../../core/events/event.ts';
import type { Events } from '../events.ts';
import type { EventNid, StoredEvent } from '../model.ts';
import type { Change } from '../write/change.ts';

/** Events as a step sees them: what is stored, and on top of it what the step has placed so far. */
export class KnownEvents {
  readonly #events: Events;
  readonly #change: Change;
  /** Ids that no stored event has. None gets one meanwhile: whoever writes to the room moves its head. */
  readonly #absent = new Set<EventId>();

  constructor(events: Events, change: Change) {
    this.#events = events;
    this.#change = change;
  }

  /** Looks up at once all that events name, so that placing them one by one asks for nothing more. */
  async prepare(events: readonly Event[]): Promise<void> {
    await this.find(events.flatMap(({ eventId, authEvents, prevEvents }) => [eventId, ...authEvents, ...prevEvents]));
  }

  /** Events of this room. One of another room is none: nothing may follow it here. */
  async find(ids: readonly EventId[]): Promise<Map<EventId, StoredEvent>> {
    const found = new Map<EventId, StoredEvent>();
    const asked = [...new Set(ids)].filter((id) => !this.#change.byId(id) && !this.#absent.has(id));
    const stored = await this.#events.byIds(asked);
    for (const id of asked) if (!stored.has(id)) this.#absent.add(id);
    for (const id of ids) {
      const event = this.#change.byId(id) ?? stored.get(id);
      if (event?.roomNid === this.#change.room.nid) found.set(id, event);
    }
    return found;
  }

  /** Where servers choose the ids, they can choose the same for two rooms. */
  async isOfAnotherRoom({ eventId, version }: Event): Promise<boolean> {
    const stored = version.eventIds === 'supplied' ? await this.#events.byId(eventId) : undefined;
    return stored !== undefined && stored.roomNid !== this.#change.room.nid;
  }

  async load(nids: readonly EventNid[]): Promise<Map<EventNid, StoredEvent>> {
    const wanted = nids.filter((nid) => nid !== 0);
    const found = await this.#events.load(wanted.filter((nid) => !this.#change.event(nid)));
    for (const nid of wanted) {
      const placed = this.#change.event(nid);
      if (placed) found.set(nid, placed);
    }
    return found;
  }
}

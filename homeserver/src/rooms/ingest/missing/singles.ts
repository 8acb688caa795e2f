import type { EventId, ServerName } from '@holm/spec/ids';
import type { Event } from '../../../core/events/event.ts';
import type { Room } from '../../room.ts';
import type { Admission } from '../admission.ts';
import type { RemoteRooms } from '../ports.ts';
import type { Sources } from './sources.ts';

/** Requests to one server at a time. */
const AT_ONCE = 5;

export interface SinglesDeps {
  readonly remote: RemoteRooms;
  readonly admission: Admission;
  readonly sources: Sources;
}

/** Fetches events by their ids. */
export class Singles {
  readonly #deps: SinglesDeps;

  constructor(deps: SinglesDeps) {
    this.#deps = deps;
  }

  /** From whoever of the room's servers has them; those that nobody gives are left out. */
  async fetch(origin: ServerName, room: Room, ids: readonly EventId[]): Promise<Event[]> {
    const found = new Map<EventId, Event>();
    for (const server of await this.#deps.sources.of(room, origin)) {
      const missing = ids.filter((id) => !found.has(id));
      if (missing.length === 0) break;
      for (const event of await this.from(server, room, missing)) found.set(event.eventId, event);
    }
    return [...found.values()];
  }

  /** Stops at the first batch of which nothing comes: a server that is away is not asked for every event. */
  async from(server: ServerName, room: Room, ids: readonly EventId[]): Promise<Event[]> {
    const { remote, admission, sources } = this.#deps;
    const found: Event[] = [];
    for (let n = 0; n < ids.length; n += AT_ONCE) {
      const batch = ids.slice(n, n + AT_ONCE);
      const raw = await Promise.all(batch.map((id) => sources.ask('event', server, () => remote.event(server, id))));
      const { events } = await admission.admit(
        room,
        raw.filter((pdu) => pdu !== undefined),
        { limitReferences: false },
      );
      const asked = events.filter(({ eventId }) => batch.includes(eventId));
      if (asked.length === 0) break;
      found.push(...asked);
    }
    return found;
  }
}

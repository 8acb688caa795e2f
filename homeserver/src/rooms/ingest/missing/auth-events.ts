import type { EventId, ServerName } from '@holm/spec/ids';
import type { Event } from '../../../core/events/event.ts';
import type { Room } from '../../room.ts';
import { byAuthEvents } from '../order.ts';
import type { MissingDeps } from './deps.ts';
import { unknownIds } from './unknown.ts';

/** Events of a step whose whole chain is asked for. Mostly the first answer has what the others need, too. */
const MAX_CHAINS = 10;
/** Events that are fetched one by one, and how far back. */
const MAX_SINGLE = 50;
const MAX_WAVES = 5;

/** https://spec.matrix.org/latest/server-server-api/#retrieving-event-authorization-information */
export class AuthEvents {
  readonly #deps: MissingDeps;

  constructor(deps: MissingDeps) {
    this.#deps = deps;
  }

  /** The auth events of `events` that are neither stored nor among them, with all that these need in turn. */
  async of(origin: ServerName, room: Room, events: readonly Event[]): Promise<Event[]> {
    const given = new Map(events.map((event) => [event.eventId, event]));
    const found = new Map<EventId, Event>();
    let chains = 0;
    for (const event of events) {
      const missing = await this.#unknown(event.authEvents, given, found);
      if (missing.length === 0 || chains++ === MAX_CHAINS) continue;
      for (const authEvent of await this.#chain(origin, room, event)) found.set(authEvent.eventId, authEvent);
    }
    if (chains > 0) await this.#oneByOne(origin, room, { events, given, found });
    return [...found.values()];
  }

  async #chain(server: ServerName, room: Room, { eventId, authEvents }: Event): Promise<readonly Event[]> {
    const { sources, remote, admission } = this.#deps;
    const raw = await sources.ask('auth chain', server, () => remote.authChain(server, room.roomId, eventId));
    const reach = { from: authEvents, by: byAuthEvents };
    return (await admission.admit(room, raw ?? [], { skipStored: true, reach })).events;
  }

  /** What the sender of an event could not give, another server of the room may have. */
  async #oneByOne(
    origin: ServerName,
    room: Room,
    {
      events,
      given,
      found,
    }: {
      readonly events: readonly Event[];
      readonly given: ReadonlyMap<EventId, Event>;
      readonly found: Map<EventId, Event>;
    },
  ): Promise<void> {
    for (let wave = 0, asked = 0; wave < MAX_WAVES; wave++) {
      const needed = [...events, ...found.values()].flatMap(({ authEvents }) => authEvents);
      const missing = (await this.#unknown(needed, given, found)).slice(0, MAX_SINGLE - asked);
      if (missing.length === 0) return;
      asked += missing.length;
      const fetched = await this.#deps.singles.fetch(origin, room, missing);
      if (fetched.length === 0) return;
      for (const event of fetched) found.set(event.eventId, event);
    }
  }

  #unknown(
    ids: readonly EventId[],
    given: ReadonlyMap<EventId, Event>,
    found: ReadonlyMap<EventId, Event>,
  ): Promise<EventId[]> {
    const among = { has: (id: EventId) => given.has(id) || found.has(id) };
    return unknownIds(this.#deps.events, ids, among, 'connected');
  }
}

import type { ServerName } from '@holm/spec/ids';
import type { Json } from '@holm/spec/json';
import type { Event } from '../../core/events/event.ts';
import type { RoomEngine } from '../engine.ts';
import type { Room } from '../room.ts';
import type { Admission } from './admission.ts';
import type { Unproven } from './checks/2-signatures.ts';
import type { HeldEvents } from './held-events.ts';

export interface UnprovenEventsDeps extends Pick<RoomEngine, 'membersOf' | 'events'> {
  readonly admission: Admission;
  readonly held: HeldEvents;
}

/**
 * Without the keys of its sender's server an event is neither signed nor forged. Whoever sent it does not send it again, and if it is the
 * last one of the room nothing will refer to it: it is held until the server says what its keys are.
 */
export class UnprovenEvents {
  readonly #deps: UnprovenEventsDeps;

  constructor(deps: UnprovenEventsDeps) {
    this.#deps = deps;
  }

  /** Only what servers in the room have sent: anybody can make up events of servers that do not answer. */
  async hold(room: Room, origin: ServerName, unproven: readonly Unproven[]): Promise<void> {
    if (unproven.length === 0) return;
    const { membersOf, events, held } = this.#deps;
    const { servers } = await membersOf(room);
    if (!servers.has(origin)) return;
    const stored = await events.byIds(unproven.map(({ event }) => event.eventId));
    await held.holdUnproven(
      room,
      origin,
      unproven.filter(({ event }) => !stored.has(event.eventId)),
    );
  }

  /** Another look. Those that are not signed as they must be have waited long enough. */
  async prove(room: Room, pdus: readonly Json[]): Promise<readonly Event[]> {
    if (pdus.length === 0) return [];
    const { events, refused, unproven } = await this.#deps.admission.admit(room, pdus);
    const open = new Set(unproven.map(({ event }) => event.eventId));
    const forged = [...refused.keys()].filter((id) => !open.has(id));
    await this.#deps.held.settle(room, forged);
    return events;
  }
}

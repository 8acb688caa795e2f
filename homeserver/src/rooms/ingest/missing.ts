import type { EventId, ServerName } from '@holm/spec/ids';
import type { Event } from '../../core/events/event.ts';
import type { Room } from '../room.ts';
import { AuthEvents } from './missing/auth-events.ts';
import type { MissingDeps } from './missing/deps.ts';
import { PrevEvents } from './missing/prev-events.ts';
import { Singles } from './missing/singles.ts';
import { Sources, type SourcesDeps } from './missing/sources.ts';
import { StateAtGap, type StatedState } from './missing/state-at-gap.ts';

export type { StatedState } from './missing/state-at-gap.ts';

/**
 * Fetches what received events refer to: their ancestors, what their authority rests on, and where ancestors cannot be
 * had the state before them. What nobody gives stays missing; it never stops the rest.
 */
export class Missing {
  readonly #prevEvents: PrevEvents;
  readonly #authEvents: AuthEvents;
  readonly #states: StateAtGap;

  constructor(ports: SourcesDeps & Pick<MissingDeps, 'db' | 'remote' | 'admission' | 'events' | 'retention'>) {
    const sources = new Sources(ports);
    const deps: MissingDeps = { ...ports, sources, singles: new Singles({ ...ports, sources }) };
    this.#prevEvents = new PrevEvents(deps);
    this.#authEvents = new AuthEvents(deps);
    this.#states = new StateAtGap(deps);
  }

  /** The events with as many of their missing ancestors as others give us. */
  withAncestors(origin: ServerName, room: Room, events: readonly Event[]): Promise<Event[]> {
    return this.#prevEvents.withAncestors(origin, room, events);
  }

  /** The auth events of `events` that are neither stored nor among them, with all that these need in turn. */
  authEvents(origin: ServerName, room: Room, events: readonly Event[]): Promise<Event[]> {
    return this.#authEvents.of(origin, room, events);
  }

  /** The states before those of `events` that follow something missing, even so. */
  async states(origin: ServerName, room: Room, events: readonly Event[]): Promise<Map<EventId, StatedState>> {
    return this.#states.before(origin, room, await this.#prevEvents.withGaps(events));
  }
}

import { MatrixError } from '@holm/spec/errors';
import type { EventId, RoomId, UserId } from '@holm/spec/ids';
import { parsePlace } from '../../streams/tokens.ts';
import type { Events } from '../events.ts';
import type { StoredEvent } from '../model.ts';
import type { States } from '../state/states.ts';
import type { Access, RoomAccess } from './access.ts';
import type { Reader } from '../relations/bundles.ts';
import { isWelcome } from './readers.ts';
import type { Timeline } from './timeline.ts';

export interface EventLookupDeps {
  readonly access: RoomAccess;
  readonly events: Events;
  readonly states: States;
  readonly timeline: Timeline;
}

/** Finds what clients name: an event by its id, a place by a token. */
export class EventLookup {
  readonly #deps: EventLookupDeps;

  constructor(deps: EventLookupDeps) {
    this.#deps = deps;
  }

  /** As the engine's access, in the error of requests about one event: what one may not see is not there. */
  async accessOrNothing(user: UserId, roomId: RoomId): Promise<Access> {
    return this.#deps.access.of(user, roomId).catch((error: unknown) => {
      throw error instanceof MatrixError && error.errcode === 'M_FORBIDDEN' ? notFound() : error;
    });
  }

  /** M_NOT_FOUND for what is not there, or not for this user. */
  async event(
    { sight, ignored }: Pick<Reader, 'sight' | 'ignored'>,
    access: Access,
    eventId: EventId,
  ): Promise<StoredEvent> {
    const event = await this.#deps.events.byId(eventId);
    if (event?.roomNid !== access.room.nid || event.status === 'rejected') throw notFound();
    if (!isWelcome(event, ignored)) throw notFound();
    const isPlaced = event.ord !== undefined && event.snapshot !== undefined;
    const isSeen = isPlaced ? (await sight.see([event])).length > 0 : await this.#isInState(access, event);
    if (!isSeen) throw notFound();
    return event;
  }

  /** Where in a room's timeline a token is: events up to this number lie before it. M_INVALID_PARAM for no token. */
  async place({ room }: Access, token: string): Promise<number> {
    const place = parsePlace(token);
    if (place.kind === 'timeline') return place.after;
    const [events] = place.positions;
    if (events === undefined) throw new MatrixError('M_INVALID_PARAM', 'this token says nothing of events');
    return this.#deps.timeline.placeAt(room, events);
  }

  /** State from before this server came into the room has no place in its timeline. */
  async #isInState({ room, snapshot }: Access, { nid, event }: StoredEvent): Promise<boolean> {
    if (event.stateKey === undefined) return false;
    const inState = await this.#deps.states.get(room, snapshot, [event.type, event.stateKey]);
    return inState?.nid === nid;
  }
}

export const notFound = () => new MatrixError('M_NOT_FOUND', 'there is no such event, or it is not for you');

import type { EventId, ServerName } from '@holm/spec/ids';
import type { Event } from '../../../core/events/event.ts';
import type { Room } from '../../room.ts';
import { gapsStore } from '../gaps.store.ts';
import { byAuthEvents } from '../order.ts';
import { wholeState } from '../state-source.ts';
import type { MissingDeps } from './deps.ts';

/** Missing events of a state that are fetched one by one; where more are missing, the whole state is. */
const MAX_SINGLE = 20;
/** Events of a step for which others than its sender are asked. */
const MAX_SECOND_OPINIONS = 5;
/** Whole states that are fetched for one step. For the events behind them less is missing once these are stored. */
const MAX_WHOLE = 2;

/** The state before an event, as a server states it. */
export interface StatedState {
  /** Of what is in the state, what is stored already. */
  readonly stored?: readonly EventId[];
  /** What was not stored, or may not be. */
  readonly state: readonly Event[];
  readonly authChain: readonly Event[];
}

/** https://spec.matrix.org/latest/server-server-api/#get_matrixfederationv1state_idsroomid */
export class StateAtGap {
  readonly #deps: MissingDeps;

  constructor(deps: MissingDeps) {
    this.#deps = deps;
  }

  /** The states before `events`, as far as anybody states them. */
  async before(origin: ServerName, room: Room, events: readonly Event[]): Promise<Map<EventId, StatedState>> {
    const states = new Map<EventId, StatedState>();
    const servers = events.length === 0 ? [] : await this.#deps.sources.of(room, origin);
    let whole = 0;
    for (const [index, event] of events.entries()) {
      const asked = index < MAX_SECOND_OPINIONS ? servers : servers.slice(0, 1);
      const stated = await this.#deps.sources.first('state', asked, async (server) => {
        const byIds = await this.#byIds(server, room, event);
        return byIds ?? (whole++ < MAX_WHOLE ? await this.#whole(server, room, event) : undefined);
      });
      if (stated) states.set(event.eventId, stated);
    }
    return states;
  }

  /** Undefined where too many of its events are missing, or the server does not give them singly. */
  async #byIds(server: ServerName, room: Room, { eventId }: Event): Promise<StatedState | undefined> {
    const { remote, singles } = this.#deps;
    const { state, authChain } = await remote.stateIds(server, room.roomId, eventId);
    const missing = await this.#unknown([...new Set([...state, ...authChain])]);
    if (missing.length > MAX_SINGLE) return undefined;
    const fetched = new Map((await singles.from(server, room, missing)).map((event) => [event.eventId, event]));
    if (fetched.size < missing.length) return undefined;
    const isMissing = new Set(missing);
    return {
      stored: state.filter((id) => !isMissing.has(id)),
      state: state.flatMap((id) => fetched.get(id) ?? []),
      authChain: authChain.flatMap((id) => fetched.get(id) ?? []),
    };
  }

  /** As `unknownIds`, but of whole states: nobody reads what thousands of events say to see that they are there. */
  async #unknown(ids: readonly EventId[]): Promise<EventId[]> {
    const refs = await gapsStore.refs(this.#deps.db, ids);
    const known = new Set(refs.filter((ref) => ref.isPlaced || ref.authNumber !== undefined).map(({ id }) => id));
    return ids.filter((id) => !known.has(id));
  }

  async #whole(server: ServerName, room: Room, { eventId }: Event): Promise<StatedState> {
    const { remote, admission } = this.#deps;
    const answer = await wholeState(await remote.state(server, room.roomId, eventId));
    const options = { limitReferences: false, skipStored: true };
    const { events: state, stored } = await admission.admit(room, answer.state, options);
    const reach = { from: state.flatMap(({ authEvents }) => authEvents), by: byAuthEvents };
    const { events: authChain } = await admission.admit(room, answer.authChain, { ...options, reach });
    return { stored, state, authChain };
  }
}

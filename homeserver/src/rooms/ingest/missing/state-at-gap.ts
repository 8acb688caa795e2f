import type { EventId, ServerName } from '@holm/spec/ids';
import type { Event } from '../../../core/events/event.ts';
import type { Room } from '../../room.ts';
import { gapsStore } from '../gaps.store.ts';
import { byAuthEvents } from '../order.ts';
import type { RemoteState, StateSource } from '../ports.ts';
import type { MissingDeps } from './deps.ts';
import { reachable } from './reach.ts';

/** Missing events of a state that are fetched one by one; where more are missing, the whole state is. */
const MAX_SINGLE = 20;
/** Events of a step for which others than its sender are asked. */
const MAX_SECOND_OPINIONS = 5;
/** Whole states that are fetched for one step. For the events behind them less is missing once these are stored. */
const MAX_WHOLE = 2;
/** Of a whole state, what is looked at together; and how much of it may be new to us, for that is held until it is stored. */
const AT_ONCE = 200;
const MAX_NEW_CHARACTERS = 64 * 1024 * 1024;

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
    await using told = await this.#deps.remote.state(server, room.roomId, eventId);
    const { events: state, stored } = await this.#read(room, told, 'state');
    const chain = await this.#read(room, told, 'authChain');
    const reach = { from: state.flatMap(({ authEvents }) => authEvents), by: byAuthEvents };
    const authChain = reachable(new Map(chain.events.map((event) => [event.eventId, event])), reach);
    return { stored, state, authChain: [...authChain.values()] };
  }

  /** What is new of a list, and the ids of what is not. Of a large state nearly everything is stored already. */
  async #read(room: Room, told: StateSource, of: keyof RemoteState): Promise<{ events: Event[]; stored: EventId[] }> {
    const [events, stored]: [Event[], EventId[]] = [[], []];
    let batch: { readonly pdu: unknown; readonly characters: number }[] = [];
    let characters = 0;
    const admit = async (): Promise<void> => {
      const raw = batch.map(({ pdu }) => pdu);
      const admitted = await this.#deps.admission.admit(room, raw, { limitReferences: false, skipStored: true });
      if (admitted.stored.length < batch.length) for (const pdu of batch) characters += pdu.characters;
      if (characters > MAX_NEW_CHARACTERS) throw new Error(`too much of the ${of} of ${room.roomId} is new`);
      events.push(...admitted.events);
      stored.push(...admitted.stored);
      batch = [];
    };
    await told.read(of, async (pdu, size) => {
      if (batch.push({ pdu, characters: size }) === AT_ONCE) await admit();
    });
    await admit();
    return { events, stored };
  }
}

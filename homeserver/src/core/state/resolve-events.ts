import type { EventId } from '@holm/spec/ids';
import type { AuthState } from '../auth/auth-state.ts';
import { authorise } from '../auth/authorise.ts';
import { stateToAuthorise } from '../auth/selection.ts';
import type { Event, StateEvent } from '../events/event.ts';
import { isState } from '../events/event.ts';
import type { Needs } from '../needs.ts';
import type { Conflict, ResolutionNeed } from './conflict.ts';
import type { StateKeyString } from './state-key.ts';
import { stateKey } from './state-key.ts';

export type Gathering<Result> = Needs<ResolutionNeed, Event, Result>;

/** A state in the making. */
export type StateMap = Map<StateKeyString, StateEvent>;

export const keyOf = (event: StateEvent): StateKeyString => stateKey(event.type, event.stateKey);

/** The state that an event is judged by, as keys. */
export const judgingKeys = (event: Event): StateKeyString[] =>
  stateToAuthorise(event.version, event).map(([type, key]) => stateKey(type, key));

/** What a resolution has loaded so far. Asks for everything once, and for many things at a time. */
export class Gathered {
  readonly #conflict: Conflict;
  readonly #found = new Map<ResolutionNeed, Event>();
  readonly #asked = new Set<ResolutionNeed>();

  constructor(conflict: Conflict) {
    this.#conflict = conflict;
  }

  *load(needs: Iterable<ResolutionNeed>): Gathering<void> {
    const missing = [...new Set(needs)].filter((need) => !this.#asked.has(need));
    if (missing.length === 0) return;
    for (const need of missing) this.#asked.add(need);
    for (const [need, event] of yield missing) this.#found.set(need, event);
  }

  /** Loads what the unconflicted state has at some keys. */
  *loadUnconflicted(keys: Iterable<StateKeyString>): Gathering<void> {
    yield* this.load([...keys].filter((key) => !this.#conflict.conflicted.has(key)));
  }

  /** A conflicted event: one that does not exist is our own mistake. */
  event(eventId: EventId): StateEvent {
    const event = this.#found.get(eventId);
    if (event === undefined) throw new Error(`state resolution needs ${eventId}, which was not found`);
    if (!isState(event)) throw new Error(`state resolution was given ${eventId}, which is not state`);
    return event;
  }

  /** What was loaded for a key, which is nothing if the key is conflicted. */
  unconflicted(key: StateKeyString): StateEvent | undefined {
    const event = this.#found.get(key);
    return event && isState(event) ? event : undefined;
  }

  /** Those of an event's auth events that are known. */
  authEvents(event: Event): StateEvent[] {
    return event.authEvents
      .map((eventId) => this.#found.get(eventId))
      .filter((one) => one !== undefined && isState(one));
  }

  /** The `m.room.power_levels` event among an event's auth events. */
  powerLevels(event: Event): StateEvent | undefined {
    return this.authEvents(event).find(({ type, stateKey: key }) => type === 'm.room.power_levels' && key === '');
  }

  /** What an event's own auth events say the state is. */
  authStateOf(event: Event): AuthState {
    const state = new Map(this.authEvents(event).map((authEvent) => [keyOf(authEvent), authEvent]));
    return (type, key) => state.get(stateKey(type, key));
  }

  /** The same, without what was rejected. */
  acceptedAuthStateOf(event: Event): AuthState {
    const state = this.authStateOf(event);
    return (type, key) => {
      const found = state(type, key);
      return found && this.#conflict.isRejected?.(found.eventId) === true ? undefined : found;
    };
  }
}

/** Whether an event passes the authorisation rules in a state. */
export const passes = (event: Event, state: AuthState): boolean => authorise(event, state).allowed;

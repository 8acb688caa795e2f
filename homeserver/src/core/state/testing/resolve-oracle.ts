/**
 * State resolution of versions 2 and 2.1, written down definition by definition and step by step as the specification has
 * them, on whole states and whole chains. Slow, and shares nothing with the real one but the authorisation rules (and
 * what a power level is). Tests compare the two.
 * https://spec.matrix.org/latest/rooms/v2/#state-resolution, https://spec.matrix.org/latest/rooms/v12/#state-resolution
 */
import type { EventId } from '@holm/spec/ids';
import type { AuthState } from '../../auth/auth-state.ts';
import { authorise } from '../../auth/authorise.ts';
import { powerLevelOf } from '../../auth/power-levels.ts';
import type { StateEvent } from '../../events/event.ts';
import type { StateKeyString } from '../state-key.ts';
import { stateKey } from '../state-key.ts';
import { Chains } from './chains-oracle.ts';
import type { Events, RoomState } from './state-sets.ts';
import { asState } from './state-sets.ts';

export interface OracleRules {
  /** Version 12: the conflicted state subgraph is part of the full conflicted set. */
  readonly subgraph: boolean;
  /** Version 12: the first iterative auth checks start from an empty state map. */
  readonly startEmpty: boolean;
}

export const ORACLE_V2: OracleRules = { subgraph: false, startEmpty: false };
export const ORACLE_V2_1: OracleRules = { subgraph: true, startEmpty: true };

/** Where servers do not do what the text says; each of these off is the text. */
export interface Custom {
  /** A state's events are part of its full auth chain. */
  readonly inclusive?: boolean;
  /** Chains of power events are followed only as far as they stay within the full conflicted set. */
  readonly within?: boolean;
}

export interface OracleInput {
  readonly rules: OracleRules;
  readonly sets: readonly RoomState[];
  readonly events: Events;
  readonly chains?: Chains;
  readonly isRejected?: (id: EventId) => boolean;
  readonly custom?: Custom;
}

const POWER = stateKey('m.room.power_levels', '');
const keyOf = (event: StateEvent): StateKeyString => stateKey(event.type, event.stateKey);

export const resolveByTheBook = (input: OracleInput): RoomState => new Oracle(input).resolve();

class Oracle {
  readonly #input: OracleInput;
  readonly #chains: Chains;
  readonly #custom: Custom;

  constructor(input: OracleInput) {
    this.#input = input;
    this.#chains = input.chains ?? new Chains(input.events);
    this.#custom = input.custom ?? {};
  }

  /** Algorithm. */
  resolve(): RoomState {
    const { unconflicted, conflicted } = this.#divide();
    const full = this.#fullConflictedSet(conflicted);
    const powerEvents = this.#step1(full);
    const start: RoomState = this.#input.rules.startEmpty ? new Map() : unconflicted;
    const partial = this.#iterativeAuthChecks(start, this.#reverseTopologicalPowerOrdering(powerEvents));
    const remaining = [...full].filter((id) => !powerEvents.has(id)).map((id) => this.#event(id));
    const resolved = this.#iterativeAuthChecks(partial, this.#mainlineOrdering(remaining, partial.get(POWER)));
    for (const [key, id] of unconflicted) resolved.set(key, id);
    return resolved;
  }

  #event(id: EventId): StateEvent {
    return asState(this.#input.events.get(id));
  }

  /** Unconflicted state map and conflicted state set. */
  #divide(): { unconflicted: Map<StateKeyString, EventId>; conflicted: Set<EventId> } {
    const unconflicted = new Map<StateKeyString, EventId>();
    const conflicted = new Set<EventId>();
    for (const set of this.#input.sets) {
      for (const [key, id] of set) {
        if (this.#input.sets.every((other) => other.get(key) === id)) unconflicted.set(key, id);
        else conflicted.add(id);
      }
    }
    return { unconflicted, conflicted };
  }

  /** Auth difference, conflicted state subgraph, full conflicted set. */
  #fullConflictedSet(conflicted: ReadonlySet<EventId>): Set<EventId> {
    const { sets, rules } = this.#input;
    const { inclusive = false } = this.#custom;
    const more = this.#chains.difference(sets, { inclusive });
    if (rules.subgraph) for (const id of this.#chains.subgraph(conflicted)) more.add(id);
    return new Set([...conflicted, ...more]);
  }

  /** The power events of the full conflicted set, and what else of that set is in their auth chains. */
  #step1(full: ReadonlySet<EventId>): Set<EventId> {
    const powerEvents = [...full].filter((id) => isPowerEvent(this.#event(id)));
    const enlarged = new Set(powerEvents);
    const addChain = (id: EventId): void => {
      for (const below of this.#custom.within === true ? this.#event(id).authEvents : this.#chains.of(id)) {
        if (!full.has(below) || enlarged.has(below)) continue;
        enlarged.add(below);
        if (this.#custom.within === true) addChain(below);
      }
    };
    for (const id of powerEvents) addChain(id);
    return enlarged;
  }

  /**
   * Kahn's algorithm; of the candidates the smallest is next. A chain that leads through events outside of the set is
   * no edge: the graph is that of the set's own auth events.
   */
  #reverseTopologicalPowerOrdering(set: ReadonlySet<EventId>): StateEvent[] {
    const left = new Set(set);
    const ordered: StateEvent[] = [];
    while (left.size > 0) {
      const candidates = [...left]
        .map((id) => this.#event(id))
        .filter((event) => !event.authEvents.some((id) => left.has(id)));
      const smallest = candidates.reduce((best, event) => (this.#isLess(event, best) ? event : best));
      left.delete(smallest.eventId);
      ordered.push(smallest);
    }
    return ordered;
  }

  #isLess(x: StateEvent, y: StateEvent): boolean {
    const powerOfX = powerLevelOf(x.sender, this.#own(x));
    const powerOfY = powerLevelOf(y.sender, this.#own(y));
    if (powerOfX !== powerOfY) return powerOfX > powerOfY;
    return isEarlier(x, y);
  }

  /** What an event's own auth events say. */
  #own(event: StateEvent): AuthState {
    return (type, key) =>
      event.authEvents.map((id) => this.#event(id)).find((one) => one.type === type && one.stateKey === key);
  }

  #mainlineOrdering(events: readonly StateEvent[], power: EventId | undefined): StateEvent[] {
    const mainline = power === undefined ? [] : [power, ...this.#powerLine(this.#event(power))];
    const positions = new Map<StateEvent, number>();
    for (const event of events) {
      const met = this.#powerLine(event).find((id) => mainline.includes(id));
      positions.set(event, met === undefined ? Infinity : mainline.indexOf(met));
    }
    const isLess = (x: StateEvent, y: StateEvent): boolean => {
      const [ofX = Infinity, ofY = Infinity] = [positions.get(x), positions.get(y)];
      return ofX === ofY ? isEarlier(x, y) : ofX > ofY;
    };
    return [...events].sort((x, y) => (x === y ? 0 : isLess(x, y) ? -1 : 1));
  }

  /** e1, e2, …: the power levels among an event's auth events, those among theirs, and so on. */
  #powerLine(event: StateEvent): EventId[] {
    const next = this.#own(event)('m.room.power_levels', '');
    return next === undefined ? [] : [next.eventId, ...this.#powerLine(asState(next))];
  }

  #iterativeAuthChecks(start: RoomState, events: readonly StateEvent[]): Map<StateKeyString, EventId> {
    const state = new Map(start);
    for (const event of events) {
      const required: AuthState = (type, key) => {
        const id = state.get(stateKey(type, key));
        if (id !== undefined) return this.#event(id);
        const own = this.#own(event)(type, key);
        return own === undefined || this.#input.isRejected?.(own.eventId) === true ? undefined : own;
      };
      if (authorise(event, required).allowed) state.set(keyOf(event), event.eventId);
    }
    return state;
  }
}

const isEarlier = (x: StateEvent, y: StateEvent): boolean =>
  x.sentAt === y.sentAt ? x.eventId < y.eventId : x.sentAt < y.sentAt;

const isPowerEvent = (event: StateEvent): boolean => {
  switch (event.type) {
    case 'm.room.power_levels':
    case 'm.room.join_rules':
      return true;
    case 'm.room.member':
      return ['leave', 'ban'].some((one) => one === event.content['membership']) && event.sender !== event.stateKey;
    default:
      return false;
  }
};

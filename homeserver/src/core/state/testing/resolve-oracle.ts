/**
 * State resolution of versions 2 and 2.1, step by step as the specification words it, on whole states and whole
 * chains. Slow, and shares nothing with the real one but the authorisation rules. Tests compare the two.
 */
import type { EventId } from '@holm/spec/ids';
import type { AuthState } from '../../auth/auth-state.ts';
import { authorise } from '../../auth/authorise.ts';
import { powerLevelOf } from '../../auth/power-levels.ts';
import type { StateEvent } from '../../events/event.ts';
import type { StateKeyString } from '../state-key.ts';
import { stateKey } from '../state-key.ts';
import type { Events, RoomState } from './state-sets.ts';
import { asState } from './state-sets.ts';

export interface OracleRules {
  readonly subgraph: boolean;
  readonly startEmpty: boolean;
  /** Whether auth chains of power events are followed only through the full conflicted set. */
  readonly chainsWithinConflict: boolean;
}

export const ORACLE_V2: OracleRules = { subgraph: false, startEmpty: false, chainsWithinConflict: true };
export const ORACLE_V2_1: OracleRules = { subgraph: true, startEmpty: true, chainsWithinConflict: false };

const POWER = stateKey('m.room.power_levels', '');
const keyOf = (event: StateEvent): StateKeyString => stateKey(event.type, event.stateKey);

export const resolveByTheBook = (rules: OracleRules, sets: readonly RoomState[], events: Events): RoomState =>
  new Oracle(rules, events).resolve(sets);

class Oracle {
  readonly #rules: OracleRules;
  readonly #events: Events;
  readonly #chains = new Map<EventId, ReadonlySet<EventId>>();

  constructor(rules: OracleRules, events: Events) {
    this.#rules = rules;
    this.#events = events;
  }

  resolve(sets: readonly RoomState[]): RoomState {
    const unconflicted = new Map<StateKeyString, EventId>();
    const conflicted = new Set<EventId>();
    for (const set of sets) {
      for (const [key, id] of set) {
        if (sets.every((other) => other.get(key) === id)) unconflicted.set(key, id);
        else conflicted.add(id);
      }
    }
    const full = this.#fullConflictedSet(sets, conflicted);
    const picked = this.#step1(full);
    const partial = this.#iterate(this.#rules.startEmpty ? new Map() : unconflicted, this.#powerOrder(picked));
    const remaining = [...full].filter((id) => !picked.has(id)).map((id) => this.#event(id));
    const resolved = this.#iterate(partial, this.#mainlineOrder(remaining, partial.get(POWER)));
    return new Map([...resolved, ...unconflicted]);
  }

  #event(id: EventId): StateEvent {
    return asState(this.#events.get(id));
  }

  #chain(id: EventId): ReadonlySet<EventId> {
    const known = this.#chains.get(id);
    if (known !== undefined) return known;
    const { authEvents } = this.#event(id);
    const chain = new Set(authEvents.flatMap((authEvent) => [authEvent, ...this.#chain(authEvent)]));
    this.#chains.set(id, chain);
    return chain;
  }

  #fullConflictedSet(sets: readonly RoomState[], conflicted: ReadonlySet<EventId>): Set<EventId> {
    const chains = sets.map((set) => new Set([...set.values()].flatMap((id) => [...this.#chain(id)])));
    const union = [...new Set(chains.flatMap((chain) => [...chain]))];
    const difference = union.filter((id) => !chains.every((chain) => chain.has(id)));
    const full = new Set([...conflicted, ...difference]);
    if (!this.#rules.subgraph) return full;
    for (const from of conflicted) {
      const ends = [...conflicted].filter((to) => this.#chain(from).has(to));
      for (const id of this.#chain(from)) if (ends.some((to) => this.#chain(id).has(to))) full.add(id);
    }
    return full;
  }

  #step1(full: ReadonlySet<EventId>): Set<EventId> {
    const picked = new Set([...full].filter((id) => isPower(this.#event(id))));
    const add = (id: EventId): void => {
      for (const below of this.#rules.chainsWithinConflict ? this.#event(id).authEvents : this.#chain(id)) {
        if (!full.has(below) || picked.has(below)) continue;
        picked.add(below);
        add(below);
      }
    };
    for (const id of [...picked]) add(id);
    return picked;
  }

  /** Kahn's algorithm with a linear search for the smallest vertex. */
  #powerOrder(set: ReadonlySet<EventId>): StateEvent[] {
    const left = new Set(set);
    const ordered: StateEvent[] = [];
    while (left.size > 0) {
      const candidates = [...left]
        .map((id) => this.#event(id))
        .filter((event) => !event.authEvents.some((id) => left.has(id)));
      const smallest = candidates.reduce((best, event) => (this.#isBefore(event, best) ? event : best));
      left.delete(smallest.eventId);
      ordered.push(smallest);
    }
    return ordered;
  }

  #isBefore(x: StateEvent, y: StateEvent): boolean {
    const powerOfX = powerLevelOf(x.sender, this.#own(x));
    const powerOfY = powerLevelOf(y.sender, this.#own(y));
    if (powerOfX !== powerOfY) return powerOfX > powerOfY;
    return x.sentAt === y.sentAt ? x.eventId < y.eventId : x.sentAt < y.sentAt;
  }

  #own(event: StateEvent): AuthState {
    return (type, key) =>
      event.authEvents.map((id) => this.#event(id)).find((one) => one.type === type && one.stateKey === key);
  }

  #mainlineOrder(events: readonly StateEvent[], power: EventId | undefined): StateEvent[] {
    const mainline = power === undefined ? [] : [power, ...this.#powerLine(this.#event(power))];
    const position = (event: StateEvent): number => {
      const met = this.#powerLine(event).find((id) => mainline.includes(id));
      return met === undefined ? Infinity : mainline.indexOf(met);
    };
    const isBefore = (x: StateEvent, y: StateEvent): boolean => {
      if (position(x) !== position(y)) return position(x) > position(y);
      return x.sentAt === y.sentAt ? x.eventId < y.eventId : x.sentAt < y.sentAt;
    };
    return [...events].sort((x, y) => (x === y ? 0 : isBefore(x, y) ? -1 : 1));
  }

  #powerLine(event: StateEvent): EventId[] {
    const next = this.#own(event)('m.room.power_levels', '');
    return next === undefined ? [] : [next.eventId, ...this.#powerLine(asState(next))];
  }

  #iterate(start: RoomState, events: readonly StateEvent[]): Map<StateKeyString, EventId> {
    const state = new Map(start);
    for (const event of events) {
      const judging: AuthState = (type, key) => {
        const id = state.get(stateKey(type, key));
        return id === undefined ? this.#own(event)(type, key) : this.#event(id);
      };
      if (authorise(event, judging).allowed) state.set(keyOf(event), event.eventId);
    }
    return state;
  }
}

const isPower = (event: StateEvent): boolean => {
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

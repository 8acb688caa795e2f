import type { EventId } from '@holm/spec/ids';
import { powerLevelOf } from '../auth/power-levels.ts';
import type { AuthState } from '../auth/auth-state.ts';
import type { StateEvent } from '../events/event.ts';
import { inMainlineOrder } from './mainline.ts';
import { inPowerOrder } from './power-order.ts';
import type { Conflict, Resolution, Resolving } from './conflict.ts';
import type { StateMap } from './resolve-events.ts';
import { Gathered, judgingKeys, keyOf, passes } from './resolve-events.ts';
import { stateKey } from './state-key.ts';

/** What version 12 has changed. https://spec.matrix.org/latest/rooms/v12/#state-resolution */
export interface ResolutionRules {
  /** The iterative auth checks start from an empty state, not from the unconflicted state map. */
  readonly startEmpty: boolean;
  /** The conflicted state subgraph belongs to the full conflicted set. */
  readonly withSubgraph: boolean;
}

const POWER_LEVELS = stateKey('m.room.power_levels', '');

/** State resolution since room version 2. https://spec.matrix.org/latest/rooms/v2/#state-resolution */
export function* resolveV2(conflict: Conflict, rules: ResolutionRules): Resolving {
  const gathered = new Gathered(conflict);
  const full = new Set([
    ...[...conflict.conflicted.values()].flat(),
    ...conflict.authDifference,
    ...(rules.withSubgraph ? conflict.conflictedSubgraph : []),
  ]);
  yield* gathered.load(full);
  const events = new Map([...full].map((id) => [id, gathered.event(id)]));
  const keys = [...events.values()].map(keyOf);
  const judging = rules.startEmpty ? [] : [POWER_LEVELS, ...[...events.values()].flatMap(judgingKeys)];
  yield* gathered.loadUnconflicted([...keys, ...judging]);
  yield* gathered.load([...events.values()].flatMap(({ authEvents }) => authEvents));

  const start: StateMap = new Map();
  if (!rules.startEmpty) {
    for (const key of [...keys, ...judging]) {
      const event = gathered.unconflicted(key);
      if (event !== undefined) start.set(key, event);
    }
  }
  const power = powerSet(events);
  const powerOf = (event: StateEvent) => powerLevelOf(event.sender, gathered.authStateOf(event));
  const partial = checkEach(gathered, inPowerOrder(power, { powerOf }), start);
  const others = [...events.values()].filter(({ eventId }) => !power.has(eventId));
  const ordered = yield* inMainlineOrder(gathered, others, partial.get(POWER_LEVELS));
  return changes(conflict, gathered, checkEach(gathered, ordered, partial));
}

/** *Power events*: those that may take away somebody's ability to do something. */
export const isPowerEvent = ({ type, sender, stateKey: key, content }: StateEvent): boolean => {
  if (type === 'm.room.power_levels' || type === 'm.room.join_rules') return true;
  const membership = content['membership'];
  return type === 'm.room.member' && (membership === 'leave' || membership === 'ban') && sender !== key;
};

/**
 * The power events of the full conflicted set, and what else of that set is in their auth chains.
 *
 * NOTSPEC: chains are followed through events of the set only, as all servers do. In version 12 this is what the
 * specification says, since the subgraph closes the gaps. Before, an event of the set that is reached only through an
 * event outside of it is ordered with the others.
 */
const powerSet = (events: ReadonlyMap<EventId, StateEvent>): ReadonlyMap<EventId, StateEvent> => {
  const power = new Map<EventId, StateEvent>();
  const pending = [...events.values()].filter(isPowerEvent);
  for (let event = pending.pop(); event !== undefined; event = pending.pop()) {
    if (power.has(event.eventId)) continue;
    power.set(event.eventId, event);
    pending.push(...event.authEvents.map((id) => events.get(id)).filter((one) => one !== undefined));
  }
  return power;
};

/** *Iterative auth checks*: what is allowed by the state so far becomes part of it; the rest is ignored. */
const checkEach = (gathered: Gathered, events: readonly StateEvent[], start: StateMap): StateMap => {
  const state: StateMap = new Map(start);
  for (const event of events) {
    const own = gathered.acceptedAuthStateOf(event);
    const judging: AuthState = (type, key) => state.get(stateKey(type, key)) ?? own(type, key);
    if (passes(event, judging)) state.set(keyOf(event), event);
  }
  return state;
};

/** The unconflicted state map has the last word. */
const changes = (conflict: Conflict, gathered: Gathered, resolved: StateMap): Resolution => {
  const result = new Map([...conflict.conflicted.keys()].map((key) => [key, resolved.get(key)?.eventId]));
  for (const [key, { eventId }] of resolved) {
    if (gathered.unconflicted(key) === undefined) result.set(key, eventId);
  }
  return result;
};

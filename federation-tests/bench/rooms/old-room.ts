import { AuthGraph, type Ordinal } from '@holm/homeserver/core/state/auth-graph';
import { OrdinalSet } from '@holm/homeserver/core/state/ordinal-set';
import { randomFrom } from './state-changes.ts';

const PEOPLE = 80_000;
const POWER_CHANGES_EVERY = 1_000;

/** Who takes authority from whom in a room that has had so many events of state, and what of it is current. */
export interface OldRoom {
  readonly graph: AuthGraph;
  readonly current: OrdinalSet;
  /** The event that each member's membership is, the oldest first. */
  readonly members: readonly Ordinal[];
  readonly power: Ordinal;
  readonly rules: Ordinal;
  /** Power levels that held once. */
  readonly oldPower: readonly Ordinal[];
}

export const oldRoom = (events: number): OldRoom => {
  const graph = new AuthGraph();
  const random = randomFrom(3);
  const add = (...authEvents: readonly Ordinal[]): Ordinal => graph.append(graph.size + 1, authEvents);
  const create = add();
  const admin = add(create);
  let power = add(create, admin);
  const rules = add(create, admin, power);
  const members = new Map<number, Ordinal>();
  const oldPower: Ordinal[] = [];
  while (graph.size < events) {
    if (graph.size % POWER_CHANGES_EVERY === 0) {
      oldPower.push(power);
      power = add(create, admin, power);
    }
    const person = Math.floor(random() * PEOPLE);
    const before = members.get(person);
    members.set(person, add(create, power, rules, ...(before === undefined ? [] : [before])));
  }
  const current = new OrdinalSet();
  for (const event of [create, admin, power, rules, ...members.values()]) current.add(event);
  return { graph, current, members: [...members.values()].sort((a, b) => a - b), power, rules, oldPower };
};

/** Two branches of five events each, on top of what is given. */
export const branches = (graph: AuthGraph, bases: readonly (readonly Ordinal[])[]): Ordinal[][] =>
  [0, 1].map((which) =>
    bases.filter((_, index) => index % 2 === which).map((authEvents) => graph.append(graph.size + 1, authEvents)),
  );

import type { EventId } from '@holm/spec/ids';
import { createHash } from 'node:crypto';
import type { AuthState } from '../auth/auth-state.ts';
import type { StateEvent } from '../events/event.ts';
import type { Conflict, Resolving } from './conflict.ts';
import type { StateMap } from './resolve-events.ts';
import { Gathered, judgingKeys, passes } from './resolve-events.ts';
import { fromStateKey, stateKey } from './state-key.ts';
import type { StateKeyString } from './state-key.ts';

type Candidates = readonly [key: StateKeyString, events: readonly StateEvent[]];

/** Conflicts in these are resolved first, one type after the other. */
const PASSES = ['m.room.power_levels', 'm.room.join_rules', 'm.room.member'];

/** State resolution of room version 1. https://spec.matrix.org/latest/rooms/v1/#state-resolution */
export function* resolveV1(conflict: Conflict): Resolving {
  const gathered = new Gathered(conflict);
  // Not having a key is no conflict in this version: such an event is part of the result, and of what judges others.
  const agreed = [...conflict.conflicted].filter(([, ids]) => ids.length === 1);
  const disputed = [...conflict.conflicted].filter(([, ids]) => ids.length > 1);
  yield* gathered.load([...conflict.conflicted.values()].flat());
  const candidates = disputed.map(([key, ids]): Candidates => [key, ids.map((id) => gathered.event(id))]);
  yield* gathered.loadUnconflicted(candidates.flatMap(([, events]) => events.flatMap(judgingKeys)));

  const resolved: StateMap = new Map(agreed.flatMap(([key, ids]) => ids.map((id) => [key, gathered.event(id)])));
  const state: AuthState = (type, key) => {
    const at = stateKey(type, key);
    return resolved.get(at) ?? gathered.unconflicted(at);
  };
  // Keys of one type do not see each other's results, so that their order does not matter.
  const settle = (chosen: readonly Candidates[], choose: (candidates: Candidates) => StateEvent | undefined) => {
    const winners = chosen.map((candidates) => [candidates[0], choose(candidates)] as const);
    for (const [key, winner] of winners) if (winner !== undefined) resolved.set(key, winner);
  };
  for (const type of PASSES) {
    settle(
      candidates.filter((one) => typeOf(one) === type),
      (one) => lastInSuccession(one, state),
    );
  }
  settle(
    candidates.filter((one) => !PASSES.includes(typeOf(one))),
    ([, events]) => highestThatPasses(events, state),
  );
  return new Map(
    [...conflict.conflicted.keys()].map((key): [StateKeyString, EventId | undefined] => [
      key,
      resolved.get(key)?.eventId,
    ]),
  );
}

const typeOf = ([key]: Candidates): string => fromStateKey(key)[0];

/** The first event is taken unseen; each one after it must be allowed by a state that has the one before. */
const lastInSuccession = ([key, events]: Candidates, state: AuthState): StateEvent | undefined => {
  let current: StateEvent | undefined;
  for (const event of byDepth(events).reverse()) {
    const after = current;
    const stateAfter: AuthState = (type, at) => (stateKey(type, at) === key ? after : state(type, at));
    if (after !== undefined && !passes(event, stateAfter)) break;
    current = event;
  }
  return current;
};

// NOTSPEC: where no event passes, the specification's text leaves the key empty. Servers have always taken the
// lowest one, and the state of old rooms was made that way.
const highestThatPasses = (events: readonly StateEvent[], state: AuthState): StateEvent | undefined => {
  const sorted = byDepth(events);
  return sorted.find((event) => passes(event, state)) ?? sorted.at(-1);
};

/** Descending depth, then ascending SHA-1 of the event id. */
const byDepth = (events: readonly StateEvent[]): StateEvent[] =>
  events
    .map((event) => ({ event, hash: createHash('sha1').update(event.eventId).digest() }))
    .sort((a, b) => b.event.depth - a.event.depth || Buffer.compare(a.hash, b.hash))
    .map(({ event }) => event);

/**
 * State resolution of version 1 as the specification words it, pass by pass, on whole states.
 * https://spec.matrix.org/latest/rooms/v1/#state-resolution
 */
import { createHash } from 'node:crypto';
import type { EventId } from '@holm/spec/ids';
import type { AuthState } from '../../auth/auth-state.ts';
import { authorise } from '../../auth/authorise.ts';
import type { StateEvent } from '../../events/event.ts';
import type { StateKeyString } from '../state-key.ts';
import { fromStateKey, stateKey } from '../state-key.ts';
import type { Events, RoomState } from './state-sets.ts';
import { asState } from './state-sets.ts';

export interface OracleV1Input {
  readonly sets: readonly RoomState[];
  readonly events: Events;
  /** Where no event of a key passes, the text leaves the key empty. Servers take the last one all the same. */
  readonly keepOne: boolean;
}

export const resolveV1ByTheBook = ({ sets, events, keepOne }: OracleV1Input): RoomState => {
  const r = new Map<StateKeyString, EventId>();
  const conflicts = new Map<StateKeyString, StateEvent[]>();
  for (const key of new Set(sets.flatMap((set) => [...set.keys()]))) {
    const ids = [...new Set(sets.map((set) => set.get(key)).filter((id) => id !== undefined))];
    const [only] = ids;
    if (ids.length === 1 && only !== undefined) r.set(key, only);
    else
      conflicts.set(
        key,
        ids.map((id) => asState(events.get(id))),
      );
  }
  const isAllowed = (event: StateEvent, state: RoomState): boolean => {
    const inState: AuthState = (type, key) => {
      const id = state.get(stateKey(type, key));
      return id === undefined ? undefined : events.get(id);
    };
    return authorise(event, inState).allowed;
  };

  for (const type of ['m.room.power_levels', 'm.room.join_rules', 'm.room.member']) {
    const before = new Map(r);
    for (const [key, list] of conflicts) {
      if (fromStateKey(key)[0] !== type) continue;
      const [first, ...subsequent] = [...list].sort(ascendingDepthDescendingHash);
      if (first === undefined) continue;
      const last = lastInSuccession(first, subsequent, (event, after) =>
        // Each key on its own: what another key of this type comes to is not part of the state that judges here.
        isAllowed(event, new Map(before).set(key, after.eventId)),
      );
      r.set(key, last.eventId);
    }
  }

  const before = new Map(r);
  for (const [key, list] of conflicts) {
    if (r.has(key)) continue;
    const best = [...list].sort(ascendingDepthDescendingHash).reverse();
    const picked = best.find((event) => isAllowed(event, before)) ?? (keepOne ? best.at(-1) : undefined);
    if (picked !== undefined) r.set(key, picked.eventId);
  }
  return r;
};

/** Each event must be allowed by the state that has the one before; the first that is not ends it. */
const lastInSuccession = (
  first: StateEvent,
  subsequent: readonly StateEvent[],
  isAllowedAfter: (event: StateEvent, after: StateEvent) => boolean,
): StateEvent => {
  let last = first;
  for (const event of subsequent) {
    if (!isAllowedAfter(event, last)) break;
    last = event;
  }
  return last;
};

const sha1 = (event: StateEvent): string => createHash('sha1').update(event.eventId).digest('hex');

const ascendingDepthDescendingHash = (x: StateEvent, y: StateEvent): number => {
  if (x.depth !== y.depth) return x.depth < y.depth ? -1 : 1;
  return sha1(x) > sha1(y) ? -1 : 1;
};

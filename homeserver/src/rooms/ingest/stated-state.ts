import { isState } from '../../core/events/event.ts';
import type { EventNid, KeyNumber, StoredEvent } from '../model.ts';
import type { NextState, Tries } from '../state/tries.ts';
import type { Change } from '../write/change.ts';

/** The snapshot of a state that was given as a whole; it shares what it can with the room's current one. */
export const statedSnapshot = async (
  tries: Tries,
  change: Change,
  state: readonly StoredEvent[],
): Promise<NextState> => {
  const { room, head } = change;
  const keys = state.flatMap(({ event }) => (isState(event) ? [[event.type, event.stateKey] as const] : []));
  await room.keys.load(keys, head.nextKey);
  const wanted = new Map<KeyNumber, EventNid>();
  for (const { event, nid } of state) {
    if (isState(event)) wanted.set(change.keyNumber([event.type, event.stateKey]), nid);
  }
  const changes = new Map(wanted);
  for (const [key, nid] of await tries.entries(head.snapshot)) {
    const now = wanted.get(key);
    if (now === undefined) changes.set(key, 0);
    else if (now === nid) changes.delete(key);
  }
  return tries.changeShared(room.nid, head.snapshot, changes);
};

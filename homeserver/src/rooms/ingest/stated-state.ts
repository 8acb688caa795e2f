import { isState } from '../../core/events/event.ts';
import type { EventNid, KeyNumber, StoredEvent } from '../model.ts';
import type { NextState, Tries } from '../state/tries.ts';
import type { EventRef } from './gaps.store.ts';
import type { Change } from '../write/change.ts';

type Entry = readonly [KeyNumber, EventNid];

/** The snapshot of a state that was given as a whole; it shares what it can with the room's current one. */
export const statedSnapshot = async (tries: Tries, change: Change, state: readonly Entry[]): Promise<NextState> => {
  const { room, head } = change;
  const wanted = new Map<KeyNumber, EventNid>(state);
  const changes = new Map(wanted);
  for (const [key, nid] of await tries.entries(head.snapshot)) {
    const now = wanted.get(key);
    if (now === undefined) changes.set(key, 0);
    else if (now === nid) changes.delete(key);
  }
  return tries.changeShared(room.nid, head.snapshot, changes);
};

/** The entries of a state: of what a step has just placed or found, and of what has long been stored. */
export const statedEntries = async (
  change: Change,
  placed: Iterable<StoredEvent>,
  refs: readonly EventRef[],
): Promise<Entry[]> => {
  const events = [...placed].filter(({ status, authNumber }) => status !== 'rejected' && authNumber !== undefined);
  const keys = events.flatMap(({ event }) => (isState(event) ? [[event.type, event.stateKey] as const] : []));
  await change.room.keys.load(keys, change.head.nextKey);
  const isUsable = ({ room, status, authNumber }: EventRef): boolean =>
    room === change.room.nid && status !== 'rejected' && authNumber !== undefined;
  return [
    ...refs
      .filter(isUsable)
      .flatMap(({ keyNumber, nid }): Entry[] => (keyNumber === undefined ? [] : [[keyNumber, nid]])),
    ...events.flatMap(({ event, nid }): Entry[] =>
      isState(event) ? [[change.keyNumber([event.type, event.stateKey]), nid]] : [],
    ),
  ];
};

import type { UserId } from '@holm/spec/ids';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';

/**
 * Members whom the state of a room that has just been joined does not know yet, as the auth events of what they say have
 * them (MSC3902): without, nobody would know their names.
 */
export const unknownMembers = async (
  { events, partial }: Pick<RoomEngine, 'events' | 'partial'>,
  room: Room,
  { timeline, unknown }: { readonly timeline: readonly StoredEvent[]; readonly unknown: ReadonlySet<UserId> },
): Promise<StoredEvent[]> => {
  if (unknown.size === 0 || !partial.get(room.nid)) return [];
  const said = timeline.filter(({ event }) => unknown.has(event.sender));
  const found = await events.byIds([...new Set(said.flatMap(({ event }) => event.authEvents))]);
  const members = new Map<string, StoredEvent>();
  // Newest last: what somebody's newest event rests on is what they are now.
  for (const { event } of said) {
    for (const id of event.authEvents) {
      const stored = found.get(id);
      const isTheirs = stored?.event.type === 'm.room.member' && stored.event.stateKey === event.sender;
      if (isTheirs && stored.status === 'accepted') members.set(event.sender, stored);
    }
  }
  return [...members.values()];
};

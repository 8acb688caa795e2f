import type { ServerName } from '@holm/spec/ids';
import type { RoomEngine } from '../engine.ts';
import type { EventNid, RoomNid } from '../model.ts';

/** No room has more loose ends than that for long, and a server that has some of them finds the others. */
const MAX_EVENTS = 10;

/**
 * What a server that was away for long is sent of a room: its newest events, from which it can fetch what it missed.
 * A server that is in the room no more is sent the last event that was meant for it, which says so.
 */
export const latestEvents = async (
  { rooms, membersOf }: Pick<RoomEngine, 'rooms' | 'membersOf'>,
  server: ServerName,
  missed: { readonly roomNid: RoomNid; readonly eventNid: EventNid },
): Promise<readonly EventNid[]> => {
  const room = await rooms.byNid(missed.roomNid);
  if (!room?.head) return [];
  const { servers } = await membersOf(room);
  if (!servers.has(server)) return [missed.eventNid];
  return room.head.extremities.slice(-MAX_EVENTS).map(({ nid }) => nid);
};

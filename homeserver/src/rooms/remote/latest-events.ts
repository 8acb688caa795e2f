import { serverOf, type ServerName } from '@holm/spec/ids';
import { MAX_PDUS_PER_TRANSACTION } from '@holm/spec/server-server/transactions';
import type { RoomEngine } from '../engine.ts';
import type { EventNid, RoomNid } from '../model.ts';

type Known = Pick<RoomEngine, 'rooms' | 'membersOf' | 'sticky' | 'events' | 'serverName'>;

/** No room has more loose ends than that for long, and a server that has some of them finds the others. */
const MAX_EVENTS = 10;
/** All of it has to fit into one transaction. */
const MAX_STUCK = MAX_PDUS_PER_TRANSACTION - MAX_EVENTS;

/**
 * What a server that was away for long is sent of a room: its newest events, from which it can fetch what it missed.
 * A server that is in the room no more is sent the last event that was meant for it, which says so.
 */
export const latestEvents = async (
  { rooms, membersOf, sticky, events, serverName }: Known,
  server: ServerName,
  missed: { readonly roomNid: RoomNid; readonly eventNid: EventNid },
): Promise<readonly EventNid[]> => {
  const room = await rooms.byNid(missed.roomNid);
  if (!room?.head) return [];
  const { servers } = await membersOf(room);
  if (!servers.has(server)) return [missed.eventNid];
  // What sticks is not to be dropped from what is sent; of very many, the newest are kept. https://github.com/matrix-org/matrix-spec-proposals/pull/4354
  const stuck = sticky.visible(room.nid).map(({ nid }) => nid);
  const ours = [...(await events.load(stuck)).values()].filter(({ event }) => serverOf(event.sender) === serverName);
  const newest = room.head.extremities.slice(-MAX_EVENTS).map(({ nid }) => nid);
  const stuckNids = ours.map(({ nid }) => nid).sort((a, b) => a - b);
  return [...new Set([...stuckNids.slice(-MAX_STUCK), ...newest])];
};

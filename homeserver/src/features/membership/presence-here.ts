import type { RoomId, ServerName } from '@holm/spec/ids';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { Head } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import { otherServers } from '../../rooms/members/room-members.ts';

export type KnownRoom = Room & { readonly head: Head };

/**
 * The room, if this server can act in it alone: somebody of ours is in it, or nobody is. What we have of a room that
 * all of our users have left is out of date.
 */
export const actingRoom = async (engine: RoomEngine, roomId: RoomId): Promise<KnownRoom | undefined> => {
  const room = await engine.rooms.byId(roomId);
  if (!room?.head) return undefined;
  const { local, servers } = await engine.membersOf(room);
  return local.size > 0 || servers.size === 0 ? (room as KnownRoom) : undefined;
};

/** Other servers that were in the room when we last heard. */
export const knownServers = async (engine: RoomEngine, roomId: RoomId): Promise<readonly ServerName[]> => {
  const room = await engine.rooms.byId(roomId);
  if (!room?.head) return [];
  return otherServers((await engine.membersOf(room)).servers, engine.serverName);
};

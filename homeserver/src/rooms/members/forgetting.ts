import { serverOf, type UserId } from '@holm/spec/ids';
import { isOut } from '../../core/events/membership.ts';
import type { Background } from '../../platform/background.ts';
import type { CommitListener } from '../commit.ts';
import type { RoomEngine } from '../engine.ts';
import type { Room } from '../room.ts';

type ForgettingEngine = Pick<RoomEngine, 'userRooms' | 'departures' | 'serverName'>;

/** A room that the user is not in any more is gone for them. Devices that have not heard of that are told. */
export const forgetRoom = async (engine: ForgettingEngine, user: UserId, room: Room): Promise<void> => {
  const member = (await engine.userRooms.of(user)).get(room.nid);
  if (member) await engine.departures.note([user], room.roomId, member.position);
  await engine.userRooms.forget(user, room.nid);
};

/** Where leaving is forgetting: however somebody of this server comes to leave a room. */
export const forgetOnLeave =
  (engine: ForgettingEngine, background: Background): CommitListener =>
  ({ room, members }) => {
    for (const { userId, membership } of members) {
      if (serverOf(userId) !== engine.serverName || !isOut(membership)) continue;
      background.run('forget a room that was left', async () => {
        const now = (await engine.userRooms.of(userId)).get(room.nid);
        if (isOut(now?.membership)) await forgetRoom(engine, userId, room);
      });
    }
  };

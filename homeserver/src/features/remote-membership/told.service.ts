import type { UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { Room } from '../../rooms/room.ts';
import { TOLD_TYPES } from './stripped-state.ts';

/**
 * What the server of somebody who is invited, or has knocked, is told of the room: whole events, so that it can see for
 * itself that they are of this room. The inviter's membership is among it so that clients can say who it is.
 */
export const toldOf = async ({ states }: Pick<RoomEngine, 'states'>, room: Room, inviter?: UserId) => {
  const view = await states.view(room, room.head?.snapshot ?? 0, [
    ...TOLD_TYPES.map((type) => [type, ''] as const),
    ...(inviter === undefined ? [] : [['m.room.member', inviter] as const]),
  ]);
  return [...view.values()].map(({ event }): JsonObject => event.pdu);
};

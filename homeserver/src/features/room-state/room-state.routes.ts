import {
  getJoinedMembersByRoom,
  getMembersByRoom,
  getRoomState,
  getRoomStateWithKey,
} from '@holm/spec/client-server/room-reading';
import { jsonText, jsonTexts } from '../../http/reply.ts';
import { type Route, route } from '../../http/route.ts';
import type { RoomState } from './room-state.service.ts';

export const roomStateRoutes = (state: RoomState): readonly Route[] => [
  route(getRoomState, async ({ caller, params }) => jsonTexts(await state.all(caller, params.roomId))),

  route(getRoomStateWithKey, async ({ caller, params: { eventType, roomId, stateKey = '' }, query }) =>
    jsonText(await state.one(caller, { roomId, type: eventType, stateKey, format: query.format ?? 'content' })),
  ),

  // An empty token is none: there are clients that always write the parameter.
  route(getMembersByRoom, async ({ caller, params, query: { at, ...query } }) =>
    jsonTexts(await state.members(caller, params.roomId, { ...query, ...(at && { at }) })),
  ),

  route(getJoinedMembersByRoom, async ({ caller, params }) =>
    jsonTexts(await state.joined(caller.userId, params.roomId)),
  ),
];

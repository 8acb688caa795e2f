import { getEventContext, getOneRoomEvent, getRoomEvents } from '@holm/spec/client-server/room-reading';
import { jsonText } from '../../http/reply.ts';
import { type Route, route } from '../../http/route.ts';
import type { RoomHistory } from './room-history.service.ts';

export const roomHistoryRoutes = (history: RoomHistory): readonly Route[] => [
  route(getRoomEvents, async ({ caller, params, query }) =>
    jsonText(await history.messages(caller, params.roomId, query)),
  ),

  route(getOneRoomEvent, async ({ caller, params }) =>
    jsonText(await history.event(caller, params.roomId, params.eventId)),
  ),

  route(getEventContext, async ({ caller, params, query }) => jsonText(await history.context(caller, params, query))),
];

import {
  getEventByTimestamp,
  getEventContext,
  getOneRoomEvent,
  getRoomEvents,
} from '@holm/spec/client-server/room-reading';
import { jsonText } from '../../http/reply.ts';
import { type Route, route } from '../../http/route.ts';
import type { Dates } from './dates.service.ts';
import type { RoomHistory } from './room-history.service.ts';

export const roomHistoryRoutes = (history: RoomHistory, dates: Dates): readonly Route[] => [
  // An empty token is none: there are clients that always write the parameter.
  route(getRoomEvents, async ({ caller, params, query: { from, to, ...query } }) =>
    jsonText(await history.messages(caller, params.roomId, { ...query, ...(from && { from }), ...(to && { to }) })),
  ),

  route(getOneRoomEvent, async ({ caller, params: { roomId, eventId }, query }) => {
    const unredacted = query.include_unredacted_content ?? query['fi.mau.msc2815.include_unredacted_content'];
    return jsonText(await history.event(caller, roomId, eventId, { unredacted: unredacted ?? false }));
  }),

  route(getEventContext, async ({ caller, params, query }) => jsonText(await history.context(caller, params, query))),

  route(getEventByTimestamp, async ({ caller, params, query: { ts: at, dir } }) =>
    dates.closest(caller.userId, params.roomId, { at, direction: dir === 'b' ? 'back' : 'forward' }),
  ),
];

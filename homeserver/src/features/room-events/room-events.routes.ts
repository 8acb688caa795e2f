import { redactEvent, sendMessage, setRoomStateWithKey } from '@holm/spec/client-server/room-sending';
import { type Route, route } from '../../http/route.ts';
import type { Sending } from './sending.service.ts';

export const roomEventsRoutes = (sending: Sending): readonly Route[] => [
  route(sendMessage, async ({ body, caller, params: { eventType, roomId, txnId } }) => ({
    event_id: await sending.message(caller, { roomId, type: eventType, content: body, txnId }),
  })),

  route(setRoomStateWithKey, async ({ body, caller, params: { eventType, roomId, stateKey = '' } }) => ({
    event_id: await sending.state(caller.userId, { roomId, type: eventType, stateKey, content: body }),
  })),

  route(redactEvent, async ({ body, caller, params: { eventId, roomId, txnId } }) => ({
    event_id: await sending.redact(caller, { roomId, redacts: eventId, reason: body.reason, txnId }),
  })),
];

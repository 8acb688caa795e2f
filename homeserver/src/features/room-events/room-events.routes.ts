import { redactEvent, sendMessage, setRoomStateWithKey } from '@holm/spec/client-server/room-sending';
import { MatrixError } from '@holm/spec/errors';
import { type Route, route } from '../../http/route.ts';
import type { Sending } from './sending.service.ts';

export const roomEventsRoutes = (sending: Sending): readonly Route[] => [
  route(sendMessage, async ({ body, caller, params: { eventType, roomId, txnId }, query }) => {
    refuseDelay(query);
    return { event_id: await sending.message(caller, { roomId, type: eventType, content: body, txnId }) };
  }),

  route(setRoomStateWithKey, async ({ body, caller, params: { eventType, roomId, stateKey = '' }, query }) => {
    refuseDelay(query);
    return { event_id: await sending.state(caller.userId, { roomId, type: eventType, stateKey, content: body }) };
  }),

  route(redactEvent, async ({ body, caller, params: { eventId, roomId, txnId } }) => ({
    event_id: await sending.redact(caller, { roomId, redacts: eventId, reason: body.reason, txnId }),
  })),
];

/** MSC4140. Sent at once, the leave that a client wants for later would end its call. */
const refuseDelay = (query: { readonly 'org.matrix.msc4140.delay'?: string }): void => {
  if (query['org.matrix.msc4140.delay'] === undefined) return;
  throw new MatrixError('M_UNRECOGNIZED', 'this server cannot send events later', { status: 400 });
};

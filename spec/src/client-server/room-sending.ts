import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { stickyQuery } from '../extensions/sticky-events.ts';
import { storable } from '../text.ts';

/** How drafts of MSC4140 ask for an event to be sent later; see `extensions/delayed-events.ts`. */
const delay = {
  'org.matrix.msc4140.delay': Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
  // Not served, but looked for: what a client wants to have sent later must not be sent at once.
  'org.matrix.msc4140.parent_delay_id': Type.Optional(Type.String()),
};

const sentOrDelayed = Type.Object({
  event_id: Type.Optional(formats.eventId),
  delay_id: Type.Optional(Type.String()),
});

const sent = Type.Object({ event_id: formats.eventId });

export const sendMessage = clientEndpoint({
  operationId: 'sendMessage',
  method: 'PUT',
  path: '/_matrix/client/v3/rooms/:roomId/send/:eventType/:txnId',
  auth: 'user',
  rateLimit: 'message',
  params: Type.Object({ roomId: formats.roomId, eventType: storable, txnId: Type.String() }),
  query: Type.Object({ ...delay, ...stickyQuery.properties }),
  body: formats.object,
  response: sentOrDelayed,
});

/** The state key is empty where the path has none. */
export const setRoomStateWithKey = clientEndpoint({
  operationId: 'setRoomStateWithKey',
  method: 'PUT',
  path: '/_matrix/client/v3/rooms/:roomId/state/:eventType/:stateKey',
  aliases: [
    '/_matrix/client/v3/rooms/:roomId/state/:eventType/',
    '/_matrix/client/v3/rooms/:roomId/state/:eventType',
    '/_matrix/client/r0/rooms/:roomId/state/:eventType/',
    '/_matrix/client/r0/rooms/:roomId/state/:eventType',
  ],
  auth: 'user',
  rateLimit: 'message',
  params: Type.Object({ roomId: formats.roomId, eventType: storable, stateKey: Type.Optional(storable) }),
  query: Type.Object(delay),
  body: formats.object,
  response: sentOrDelayed,
});

export const redactEvent = clientEndpoint({
  operationId: 'redactEvent',
  method: 'PUT',
  path: '/_matrix/client/v3/rooms/:roomId/redact/:eventId/:txnId',
  auth: 'user',
  rateLimit: 'message',
  params: Type.Object({ roomId: formats.roomId, eventId: formats.eventId, txnId: Type.String() }),
  query: nothing,
  body: Type.Object({ reason: Type.Optional(Type.String()) }),
  response: sent,
});

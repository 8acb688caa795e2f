import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { storable } from '../text.ts';

/** Not served, but looked for: an event that a client wants to have sent later must not be sent at once. */
const delay = Type.Object({ 'org.matrix.msc4140.delay': Type.Optional(Type.String()) });

const sent = Type.Object({ event_id: formats.eventId });

export const sendMessage = clientEndpoint({
  operationId: 'sendMessage',
  method: 'PUT',
  path: '/_matrix/client/v3/rooms/:roomId/send/:eventType/:txnId',
  auth: 'user',
  rateLimit: 'message',
  params: Type.Object({ roomId: formats.roomId, eventType: storable, txnId: Type.String() }),
  query: delay,
  body: formats.object,
  response: sent,
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
  query: delay,
  body: formats.object,
  response: sent,
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

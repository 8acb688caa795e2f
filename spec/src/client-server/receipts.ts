import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

/** `main`, or the event at the root of a thread. Nobody's event ids are longer. */
const threadId = Type.String({ minLength: 1, maxLength: 255 });

export const postReceipt = clientEndpoint({
  operationId: 'postReceipt',
  method: 'POST',
  path: '/_matrix/client/v3/rooms/:roomId/receipt/:receiptType/:eventId',
  auth: 'user',
  params: Type.Object({
    roomId: formats.roomId,
    receiptType: Type.Union([Type.Literal('m.read'), Type.Literal('m.read.private'), Type.Literal('m.fully_read')]),
    eventId: formats.eventId,
  }),
  query: nothing,
  body: Type.Object({ thread_id: Type.Optional(threadId) }),
  response: nothing,
  invalidBody: 'M_INVALID_PARAM',
});

export const setReadMarker = clientEndpoint({
  operationId: 'setReadMarker',
  method: 'POST',
  path: '/_matrix/client/v3/rooms/:roomId/read_markers',
  auth: 'user',
  params: Type.Object({ roomId: formats.roomId }),
  query: nothing,
  body: Type.Object({
    'm.fully_read': Type.Optional(formats.eventId),
    'm.read': Type.Optional(formats.eventId),
    'm.read.private': Type.Optional(formats.eventId),
  }),
  response: nothing,
  invalidBody: 'M_INVALID_PARAM',
});

import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

const events = Type.Array(formats.object);

const params = { roomId: formats.roomId, eventId: formats.eventId };

const query = Type.Object({
  from: Type.Optional(Type.String()),
  to: Type.Optional(Type.String()),
  limit: Type.Optional(Type.Integer({ minimum: 0 })),
  dir: Type.Optional(Type.Union([Type.Literal('b'), Type.Literal('f')])),
  /** Children of children, too. */
  recurse: Type.Optional(Type.Boolean()),
  /** Its name from before it was in a release. */
  'org.matrix.msc3981.recurse': Type.Optional(Type.Boolean()),
});

const response = Type.Object({
  chunk: events,
  /** Absent where there is nothing more. */
  next_batch: Type.Optional(Type.String()),
  /** Absent on the first page. */
  prev_batch: Type.Optional(Type.String()),
  /** How deep the server went; there if it was asked to. */
  recursion_depth: Type.Optional(Type.Integer()),
});

export const getRelatingEvents = clientEndpoint({
  operationId: 'getRelatingEvents',
  method: 'GET',
  path: '/_matrix/client/v1/rooms/:roomId/relations/:eventId',
  auth: 'user',
  params: Type.Object(params),
  query,
  body: nothing,
  response,
});

export const getRelatingEventsWithRelType = clientEndpoint({
  operationId: 'getRelatingEventsWithRelType',
  method: 'GET',
  path: '/_matrix/client/v1/rooms/:roomId/relations/:eventId/:relType',
  auth: 'user',
  params: Type.Object({ ...params, relType: Type.String() }),
  query,
  body: nothing,
  response,
});

export const getRelatingEventsWithRelTypeAndEventType = clientEndpoint({
  operationId: 'getRelatingEventsWithRelTypeAndEventType',
  method: 'GET',
  path: '/_matrix/client/v1/rooms/:roomId/relations/:eventId/:relType/:eventType',
  auth: 'user',
  params: Type.Object({ ...params, relType: Type.String(), eventType: Type.String() }),
  query,
  body: nothing,
  response,
});

/** The events that threads begin with, those first in which something was said last. */
export const getThreadRoots = clientEndpoint({
  operationId: 'getThreadRoots',
  method: 'GET',
  path: '/_matrix/client/v1/rooms/:roomId/threads',
  auth: 'user',
  rateLimit: 'other',
  params: Type.Object({ roomId: formats.roomId }),
  query: Type.Object({
    include: Type.Optional(Type.Union([Type.Literal('all'), Type.Literal('participated')])),
    limit: Type.Optional(Type.Integer({ minimum: 1 })),
    from: Type.Optional(Type.String()),
  }),
  body: nothing,
  response: Type.Object({ chunk: events, next_batch: Type.Optional(Type.String()) }),
});

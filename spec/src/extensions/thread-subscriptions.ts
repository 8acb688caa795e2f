import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

/**
 * Which threads somebody follows (MSC4306), and what has become of that lately (MSC4308):
 * https://github.com/matrix-org/matrix-spec-proposals/pull/4306, https://github.com/matrix-org/matrix-spec-proposals/pull/4308
 */
const SUBSCRIPTION = '/_matrix/client/unstable/io.element.msc4306/rooms/:roomId/thread/:eventId/subscription';

const thread = Type.Object({ roomId: formats.roomId, eventId: formats.eventId });

export const subscribeToThread = clientEndpoint({
  operationId: 'subscribeToThread',
  method: 'PUT',
  path: SUBSCRIPTION,
  auth: 'user',
  rateLimit: 'other',
  params: thread,
  query: nothing,
  body: Type.Object({
    /** The newest event that made the client subscribe; absent where its user did. */
    automatic: Type.Optional(Type.Union([formats.eventId, Type.Literal(false)])),
  }),
  response: nothing,
});

export const unsubscribeFromThread = clientEndpoint({
  operationId: 'unsubscribeFromThread',
  method: 'DELETE',
  path: SUBSCRIPTION,
  auth: 'user',
  rateLimit: 'other',
  params: thread,
  query: nothing,
  body: nothing,
  response: nothing,
});

export const getThreadSubscription = clientEndpoint({
  operationId: 'getThreadSubscription',
  method: 'GET',
  path: SUBSCRIPTION,
  auth: 'user',
  params: thread,
  query: nothing,
  body: nothing,
  response: Type.Object({ automatic: Type.Boolean() }),
});

const byThread = Type.Optional(Type.Record(Type.String(), Type.Record(Type.String(), formats.object)));

export const getThreadSubscriptions = clientEndpoint({
  operationId: 'getThreadSubscriptions',
  method: 'GET',
  path: '/_matrix/client/unstable/io.element.msc4308/thread_subscriptions',
  auth: 'user',
  params: nothing,
  query: Type.Object({
    dir: Type.Literal('b'),
    from: Type.Optional(Type.String()),
    to: Type.Optional(Type.String()),
    limit: Type.Optional(Type.Integer({ minimum: 1 })),
  }),
  body: nothing,
  response: Type.Object({ subscribed: byThread, unsubscribed: byThread, end: Type.Optional(Type.String()) }),
});

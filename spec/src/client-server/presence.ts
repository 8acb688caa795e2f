import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

/** https://spec.matrix.org/latest/client-server-api/#presence */
export const presenceState = Type.Union([Type.Literal('online'), Type.Literal('unavailable'), Type.Literal('offline')]);

/** In characters; the specification has no limit, but everybody who shares a room is told it. */
export const MAX_STATUS_MESSAGE = 1_024;

const params = Type.Object({ userId: formats.userId });
const path = '/_matrix/client/v3/presence/:userId/status';

export const setPresence = clientEndpoint({
  operationId: 'setPresence',
  method: 'PUT',
  path,
  auth: 'user',
  rateLimit: 'message',
  params,
  query: nothing,
  body: Type.Object({
    presence: presenceState,
    status_msg: Type.Optional(Type.String({ maxLength: MAX_STATUS_MESSAGE })),
  }),
  response: nothing,
});

export const getPresence = clientEndpoint({
  operationId: 'getPresence',
  method: 'GET',
  path,
  auth: 'user',
  params,
  query: nothing,
  body: nothing,
  response: Type.Object({
    presence: presenceState,
    /** Milliseconds. */
    last_active_ago: Type.Optional(Type.Integer({ minimum: 0 })),
    currently_active: Type.Optional(Type.Boolean()),
    status_msg: Type.Optional(Type.String()),
  }),
});

import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

const notification = Type.Object({
  actions: Type.Array(Type.Union([Type.String(), formats.object])),
  event: formats.object,
  read: Type.Boolean(),
  room_id: formats.roomId,
  /** Milliseconds. */
  ts: Type.Integer(),
});

export const getNotifications = clientEndpoint({
  operationId: 'getNotifications',
  method: 'GET',
  path: '/_matrix/client/v3/notifications',
  auth: 'user',
  params: nothing,
  query: Type.Object({
    from: Type.Optional(Type.String()),
    limit: Type.Optional(Type.Integer({ minimum: 0 })),
    /** `highlight`; what else there may be asked for asks for nothing in particular. */
    only: Type.Optional(Type.String()),
  }),
  body: nothing,
  response: Type.Object({
    notifications: Type.Array(notification),
    /** Absent where there is nothing more. */
    next_token: Type.Optional(Type.String()),
  }),
});

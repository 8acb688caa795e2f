import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

export const setTyping = clientEndpoint({
  operationId: 'setTyping',
  method: 'PUT',
  path: '/_matrix/client/v3/rooms/:roomId/typing/:userId',
  auth: 'user',
  rateLimit: 'message',
  params: Type.Object({ roomId: formats.roomId, userId: formats.userId }),
  query: nothing,
  body: Type.Object({ typing: Type.Boolean(), timeout: Type.Optional(Type.Integer({ minimum: 0 })) }),
  response: nothing,
});

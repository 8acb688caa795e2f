import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

export const getSpaceHierarchy = clientEndpoint({
  operationId: 'getSpaceHierarchy',
  method: 'GET',
  path: '/_matrix/client/v1/rooms/:roomId/hierarchy',
  auth: 'user',
  rateLimit: 'directory',
  params: Type.Object({ roomId: formats.roomId }),
  query: Type.Object({
    suggested_only: Type.Optional(Type.Boolean()),
    limit: Type.Optional(Type.Integer({ minimum: 1 })),
    max_depth: Type.Optional(Type.Integer({ minimum: 0 })),
    from: Type.Optional(Type.String()),
  }),
  body: nothing,
  response: Type.Object({ rooms: Type.Array(formats.object), next_batch: Type.Optional(Type.String()) }),
});

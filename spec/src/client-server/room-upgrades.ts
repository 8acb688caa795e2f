import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

export const upgradeRoom = clientEndpoint({
  operationId: 'upgradeRoom',
  method: 'POST',
  path: '/_matrix/client/v3/rooms/:roomId/upgrade',
  auth: 'user',
  rateLimit: 'join',
  params: Type.Object({ roomId: formats.roomId }),
  query: nothing,
  body: Type.Object({
    new_version: Type.String(),
    /** Means nothing to versions that have but one creator. */
    additional_creators: Type.Optional(Type.Array(Type.String(), { maxItems: 100 })),
  }),
  response: Type.Object({ replacement_room: formats.roomId }),
});

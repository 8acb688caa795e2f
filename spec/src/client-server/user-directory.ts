import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

export const searchUserDirectory = clientEndpoint({
  operationId: 'searchUserDirectory',
  method: 'POST',
  path: '/_matrix/client/v3/user_directory/search',
  auth: 'user',
  rateLimit: 'directory',
  params: nothing,
  query: nothing,
  body: Type.Object({
    search_term: Type.String({ maxLength: 1_000 }),
    limit: Type.Optional(Type.Integer({ minimum: 0 })),
  }),
  response: Type.Object({
    results: Type.Array(
      Type.Object({
        user_id: formats.userId,
        display_name: Type.Optional(Type.String()),
        avatar_url: Type.Optional(Type.String()),
      }),
    ),
    limited: Type.Boolean(),
  }),
});

export const getMutualRooms = clientEndpoint({
  operationId: 'getMutualRooms',
  method: 'GET',
  path: '/_matrix/client/v1/mutual_rooms',
  auth: 'user',
  rateLimit: 'other',
  params: nothing,
  query: Type.Object({ user_id: formats.userId, from: Type.Optional(Type.String()) }),
  body: nothing,
  response: Type.Object({
    joined: Type.Array(formats.roomId),
    count: Type.Integer(),
    next_batch: Type.Optional(Type.String()),
  }),
});

import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { name } from '../text.ts';

const room = Type.Object({ userId: formats.userId, roomId: formats.roomId });
const one = Type.Object({ userId: formats.userId, roomId: formats.roomId, tag: name });

export const getRoomTags = clientEndpoint({
  operationId: 'getRoomTags',
  method: 'GET',
  path: '/_matrix/client/v3/user/:userId/rooms/:roomId/tags',
  auth: 'user',
  params: room,
  query: nothing,
  body: nothing,
  response: Type.Object({ tags: formats.object }),
});

export const setRoomTag = clientEndpoint({
  operationId: 'setRoomTag',
  method: 'PUT',
  path: '/_matrix/client/v3/user/:userId/rooms/:roomId/tags/:tag',
  auth: 'user',
  params: one,
  query: nothing,
  body: Type.Object({ order: Type.Optional(Type.Number()) }),
  response: nothing,
  maxBodyBytes: 16 * 1024,
});

export const deleteRoomTag = clientEndpoint({
  operationId: 'deleteRoomTag',
  method: 'DELETE',
  path: '/_matrix/client/v3/user/:userId/rooms/:roomId/tags/:tag',
  auth: 'user',
  params: one,
  query: nothing,
  body: nothing,
  response: nothing,
});

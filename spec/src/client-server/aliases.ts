import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

const alias = Type.Object({ roomAlias: formats.roomAlias });

export const setRoomAlias = clientEndpoint({
  operationId: 'setRoomAlias',
  method: 'PUT',
  path: '/_matrix/client/v3/directory/room/:roomAlias',
  auth: 'user',
  rateLimit: 'directory',
  params: alias,
  query: nothing,
  body: Type.Object({ room_id: formats.roomId }),
  response: nothing,
});

export const getRoomIdByAlias = clientEndpoint({
  operationId: 'getRoomIdByAlias',
  method: 'GET',
  path: '/_matrix/client/v3/directory/room/:roomAlias',
  auth: 'none',
  rateLimit: 'directory',
  params: alias,
  query: nothing,
  body: nothing,
  response: Type.Object({ room_id: formats.roomId, servers: Type.Array(formats.serverName) }),
});

export const deleteRoomAlias = clientEndpoint({
  operationId: 'deleteRoomAlias',
  method: 'DELETE',
  path: '/_matrix/client/v3/directory/room/:roomAlias',
  auth: 'user',
  rateLimit: 'directory',
  params: alias,
  query: nothing,
  body: nothing,
  response: nothing,
});

export const getLocalAliases = clientEndpoint({
  operationId: 'getLocalAliases',
  method: 'GET',
  path: '/_matrix/client/v3/rooms/:roomId/aliases',
  auth: 'user',
  params: Type.Object({ roomId: formats.roomId }),
  query: nothing,
  body: nothing,
  response: Type.Object({ aliases: Type.Array(formats.roomAlias) }),
});

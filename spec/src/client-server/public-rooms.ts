import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { publicRoomsFilter } from '../public-rooms.ts';

const room = Type.Object({ roomId: formats.roomId });
const visibility = Type.Union([Type.Literal('public'), Type.Literal('private')]);
const limit = Type.Optional(Type.Integer({ minimum: 0 }));
const since = Type.Optional(Type.String());
const server = Type.Optional(formats.serverName);

export const getRoomVisibilityOnDirectory = clientEndpoint({
  operationId: 'getRoomVisibilityOnDirectory',
  method: 'GET',
  path: '/_matrix/client/v3/directory/list/room/:roomId',
  auth: 'none',
  rateLimit: 'directory',
  params: room,
  query: nothing,
  body: nothing,
  response: Type.Object({ visibility }),
});

export const setRoomVisibilityOnDirectory = clientEndpoint({
  operationId: 'setRoomVisibilityOnDirectory',
  method: 'PUT',
  path: '/_matrix/client/v3/directory/list/room/:roomId',
  auth: 'user',
  rateLimit: 'directory',
  params: room,
  query: nothing,
  body: Type.Object({ visibility: Type.Optional(visibility) }),
  response: nothing,
});

export const getPublicRooms = clientEndpoint({
  operationId: 'getPublicRooms',
  method: 'GET',
  path: '/_matrix/client/v3/publicRooms',
  // The specification asks for no token; a server may.
  auth: 'optional user',
  rateLimit: 'directory',
  params: nothing,
  query: Type.Object({ limit, since, server }),
  body: nothing,
  response: formats.object,
});

export const queryPublicRooms = clientEndpoint({
  operationId: 'queryPublicRooms',
  method: 'POST',
  path: '/_matrix/client/v3/publicRooms',
  auth: 'user',
  rateLimit: 'directory',
  params: nothing,
  query: Type.Object({ server }),
  body: Type.Object({ limit, since, ...publicRoomsFilter }),
  response: formats.object,
});

import { Type } from '@sinclair/typebox';
import { serverEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

export const queryRoomDirectory = serverEndpoint({
  operationId: 'queryRoomDirectory',
  method: 'GET',
  path: '/_matrix/federation/v1/query/directory',
  auth: 'server',
  params: nothing,
  query: Type.Object({ room_alias: formats.roomAlias }),
  body: nothing,
  response: Type.Object({ room_id: Type.String(), servers: Type.Array(Type.String()) }),
});

export const queryProfile = serverEndpoint({
  operationId: 'queryProfile',
  method: 'GET',
  path: '/_matrix/federation/v1/query/profile',
  auth: 'server',
  params: nothing,
  query: Type.Object({ user_id: formats.userId, field: Type.Optional(Type.String()) }),
  body: nothing,
  /** Any field may be there, absent or null. */
  response: formats.object,
});

/** Any other query. There are none: the types that the specification knows are operations of their own. */
export const queryInfo = serverEndpoint({
  operationId: 'queryInfo',
  method: 'GET',
  path: '/_matrix/federation/v1/query/:queryType',
  auth: 'server',
  params: Type.Object({ queryType: Type.String() }),
  query: nothing,
  body: nothing,
  response: formats.object,
});

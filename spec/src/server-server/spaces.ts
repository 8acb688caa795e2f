import { Type } from '@sinclair/typebox';
import { serverEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

export const getSpaceHierarchy = serverEndpoint({
  operationId: 'getSpaceHierarchy',
  method: 'GET',
  path: '/_matrix/federation/v1/hierarchy/:roomId',
  auth: 'server',
  params: Type.Object({ roomId: formats.roomId }),
  query: Type.Object({ suggested_only: Type.Optional(Type.Boolean()) }),
  body: nothing,
  /** What is in it is read leniently: one bad entry does not cost the rest. */
  response: Type.Object({
    room: formats.object,
    children: Type.Optional(Type.Array(formats.json)),
    inaccessible_children: Type.Optional(Type.Array(formats.json)),
  }),
});

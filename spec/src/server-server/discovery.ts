import { Type } from '@sinclair/typebox';
import { serverEndpoint } from '../endpoint.ts';
import { nothing } from '../formats.ts';

const open = { method: 'GET', auth: 'none', params: nothing, query: nothing, body: nothing } as const;

export const getWellKnown = serverEndpoint({
  ...open,
  operationId: 'getWellKnown',
  path: '/.well-known/matrix/server',
  response: Type.Object({ 'm.server': Type.String() }),
});

export const getVersion = serverEndpoint({
  ...open,
  operationId: 'getVersion',
  path: '/_matrix/federation/v1/version',
  response: Type.Object({ server: Type.Object({ name: Type.String(), version: Type.String() }) }),
});

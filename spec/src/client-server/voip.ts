import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { nothing } from '../formats.ts';

export const getTurnServer = clientEndpoint({
  operationId: 'getTurnServer',
  method: 'GET',
  path: '/_matrix/client/v3/voip/turnServer',
  auth: 'user',
  rateLimit: 'other',
  params: nothing,
  query: nothing,
  body: nothing,
  response: Type.Union([
    Type.Object({
      username: Type.String(),
      password: Type.String(),
      uris: Type.Array(Type.String()),
      /** Seconds. */
      ttl: Type.Integer(),
    }),
    // There is none.
    nothing,
  ]),
});

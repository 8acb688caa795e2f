import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

export const requestOpenIdToken = clientEndpoint({
  operationId: 'requestOpenIdToken',
  method: 'POST',
  path: '/_matrix/client/v3/user/:userId/openid/request_token',
  auth: 'user',
  rateLimit: 'other',
  params: Type.Object({ userId: formats.userId }),
  query: nothing,
  body: nothing,
  response: Type.Object({
    access_token: Type.String(),
    token_type: Type.Literal('Bearer'),
    matrix_server_name: formats.serverName,
    /** Seconds. */
    expires_in: Type.Integer(),
  }),
});

import { Type } from '@sinclair/typebox';
import { serverEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { text } from '../text.ts';

/** Asked by services that are no homeservers, so nobody signs it. */
export const exchangeOpenIdToken = serverEndpoint({
  operationId: 'exchangeOpenIdToken',
  method: 'GET',
  path: '/_matrix/federation/v1/openid/userinfo',
  auth: 'none',
  params: nothing,
  query: Type.Object({ access_token: text(1_000) }),
  body: nothing,
  response: Type.Object({ sub: formats.userId }),
});

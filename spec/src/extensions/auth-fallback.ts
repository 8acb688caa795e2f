import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

const stage = Type.Object({ stage: Type.String() });

/**
 * Pages for people whose clients do not know a way to authenticate. The specification describes them, but not as operations:
 * https://spec.matrix.org/latest/client-server-api/#fallback
 */
export const getAuthFallback = clientEndpoint({
  operationId: 'getAuthFallback',
  method: 'GET',
  path: '/_matrix/client/v3/auth/:stage/fallback/web',
  auth: 'none',
  params: stage,
  query: nothing,
  body: nothing,
  response: formats.json,
});

/** What such a page sends: the session and whatever the stage takes. */
export const passAuthFallback = clientEndpoint({
  operationId: 'passAuthFallback',
  method: 'POST',
  path: '/_matrix/client/v3/auth/:stage/fallback/web',
  auth: 'none',
  rateLimit: 'login',
  params: stage,
  query: nothing,
  body: Type.Object({
    session: Type.String(),
    token: Type.Optional(Type.String()),
    password: Type.Optional(Type.String({ maxLength: 512 })),
  }),
  response: nothing,
});

/** https://spec.matrix.org/latest/client-server-api/#login-fallback */
export const getLoginFallback = clientEndpoint({
  operationId: 'getLoginFallback',
  method: 'GET',
  path: '/_matrix/static/client/login/',
  aliases: ['/_matrix/static/client/login'],
  auth: 'none',
  params: nothing,
  query: nothing,
  body: nothing,
  response: formats.json,
});

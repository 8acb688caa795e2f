import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { text } from '../text.ts';
import { userIdentifier } from './auth-data.ts';

export const getLoginFlows = clientEndpoint({
  operationId: 'getLoginFlows',
  method: 'GET',
  path: '/_matrix/client/v3/login',
  auth: 'none',
  rateLimit: 'other',
  params: nothing,
  query: nothing,
  body: nothing,
  response: Type.Object({ flows: Type.Array(Type.Object({ type: Type.String() })) }),
});

export const login = clientEndpoint({
  operationId: 'login',
  method: 'POST',
  path: '/_matrix/client/v3/login',
  auth: 'none',
  rateLimit: 'login',
  params: nothing,
  query: nothing,
  body: Type.Object({
    type: Type.String(),
    identifier: Type.Optional(userIdentifier),
    /** What came before `identifier`; old clients and scripts still send it. */
    user: Type.Optional(Type.String()),
    password: Type.Optional(Type.String()),
    device_id: Type.Optional(text(255, 1)),
    initial_device_display_name: Type.Optional(text(256)),
    refresh_token: Type.Optional(Type.Boolean()),
  }),
  response: Type.Object({
    user_id: formats.userId,
    home_server: formats.serverName,
    access_token: Type.String(),
    device_id: Type.String(),
  }),
});

export const logout = clientEndpoint({
  operationId: 'logout',
  method: 'POST',
  path: '/_matrix/client/v3/logout',
  auth: 'user',
  params: nothing,
  query: nothing,
  body: nothing,
  response: nothing,
});

export const logoutAll = clientEndpoint({
  operationId: 'logout_all',
  method: 'POST',
  path: '/_matrix/client/v3/logout/all',
  auth: 'user',
  params: nothing,
  query: nothing,
  body: nothing,
  response: nothing,
});

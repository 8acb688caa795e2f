import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

/**
 * Registration by a program that knows a secret, as Synapse's administrators know it:
 * https://element-hq.github.io/synapse/latest/admin_api/register_api.html
 */
export const getRegistrationNonce = clientEndpoint({
  operationId: 'getRegistrationNonce',
  method: 'GET',
  path: '/_synapse/admin/v1/register',
  auth: 'none',
  rateLimit: 'registration',
  params: nothing,
  query: nothing,
  body: nothing,
  response: Type.Object({ nonce: Type.String() }),
});

export const registerWithSharedSecret = clientEndpoint({
  operationId: 'registerWithSharedSecret',
  method: 'POST',
  path: '/_synapse/admin/v1/register',
  auth: 'none',
  rateLimit: 'registration',
  params: nothing,
  query: nothing,
  body: Type.Object({
    nonce: Type.String(),
    username: Type.String(),
    password: Type.String({ maxLength: 512 }),
    admin: Type.Optional(Type.Boolean()),
    user_type: Type.Optional(Type.String()),
    displayname: Type.Optional(Type.String()),
    inhibit_login: Type.Optional(Type.Boolean()),
    mac: Type.String(),
  }),
  response: Type.Object({
    user_id: formats.userId,
    home_server: formats.serverName,
    access_token: Type.Optional(Type.String()),
    device_id: Type.Optional(Type.String()),
  }),
});

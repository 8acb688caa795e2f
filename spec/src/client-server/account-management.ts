import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { text } from '../text.ts';
import { authData } from './auth-data.ts';

/** Longer passwords cost the hash nothing, but a limit keeps a body from being one. */
export const MAX_PASSWORD_LENGTH = 512;

const password = Type.String({ maxLength: MAX_PASSWORD_LENGTH });

export const register = clientEndpoint({
  operationId: 'register',
  method: 'POST',
  path: '/_matrix/client/v3/register',
  auth: 'none',
  rateLimit: 'registration',
  params: nothing,
  query: Type.Object({ kind: Type.Optional(Type.Union([Type.Literal('guest'), Type.Literal('user')])) }),
  body: Type.Object({
    auth: Type.Optional(authData),
    username: Type.Optional(Type.String()),
    password: Type.Optional(password),
    device_id: Type.Optional(text(255, 1)),
    initial_device_display_name: Type.Optional(text(256)),
    inhibit_login: Type.Optional(Type.Boolean()),
    refresh_token: Type.Optional(Type.Boolean()),
  }),
  response: Type.Object({
    user_id: formats.userId,
    home_server: formats.serverName,
    access_token: Type.Optional(Type.String()),
    device_id: Type.Optional(Type.String()),
  }),
});

export const checkUsernameAvailability = clientEndpoint({
  operationId: 'checkUsernameAvailability',
  method: 'GET',
  path: '/_matrix/client/v3/register/available',
  auth: 'none',
  // Clients ask while somebody thinks of a name, who is then to have it.
  rateLimit: 'directory',
  params: nothing,
  query: Type.Object({ username: Type.String() }),
  body: nothing,
  response: Type.Object({ available: Type.Boolean() }),
});

export const registrationTokenValidity = clientEndpoint({
  operationId: 'registrationTokenValidity',
  method: 'GET',
  path: '/_matrix/client/v1/register/m.login.registration_token/validity',
  auth: 'none',
  rateLimit: 'registration',
  params: nothing,
  query: Type.Object({ token: Type.String() }),
  body: nothing,
  response: Type.Object({ valid: Type.Boolean() }),
});

export const getTokenOwner = clientEndpoint({
  operationId: 'getTokenOwner',
  method: 'GET',
  path: '/_matrix/client/v3/account/whoami',
  auth: 'user',
  params: nothing,
  query: nothing,
  body: nothing,
  response: Type.Object({ user_id: formats.userId, device_id: Type.String(), is_guest: Type.Boolean() }),
});

export const changePassword = clientEndpoint({
  operationId: 'changePassword',
  method: 'POST',
  path: '/_matrix/client/v3/account/password',
  auth: 'user',
  rateLimit: 'login',
  params: nothing,
  query: nothing,
  body: Type.Object({
    new_password: password,
    logout_devices: Type.Optional(Type.Boolean()),
    auth: Type.Optional(authData),
  }),
  response: nothing,
});

export const deactivateAccount = clientEndpoint({
  operationId: 'deactivateAccount',
  method: 'POST',
  path: '/_matrix/client/v3/account/deactivate',
  auth: 'user',
  rateLimit: 'login',
  params: nothing,
  query: nothing,
  body: Type.Object({
    auth: Type.Optional(authData),
    id_server: Type.Optional(Type.String()),
    erase: Type.Optional(Type.Boolean()),
  }),
  response: Type.Object({
    id_server_unbind_result: Type.Union([Type.Literal('success'), Type.Literal('no-support')]),
  }),
});

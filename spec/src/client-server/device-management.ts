import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { nothing } from '../formats.ts';
import { name, text } from '../text.ts';
import { authData } from './auth-data.ts';

const device = Type.Object({
  device_id: Type.String(),
  display_name: Type.Optional(Type.String()),
  last_seen_ip: Type.Optional(Type.String()),
  last_seen_ts: Type.Optional(Type.Integer()),
});

const one = Type.Object({ deviceId: name });

export const getDevices = clientEndpoint({
  operationId: 'getDevices',
  method: 'GET',
  path: '/_matrix/client/v3/devices',
  auth: 'user',
  params: nothing,
  query: nothing,
  body: nothing,
  response: Type.Object({ devices: Type.Array(device) }),
});

export const getDevice = clientEndpoint({
  operationId: 'getDevice',
  method: 'GET',
  path: '/_matrix/client/v3/devices/:deviceId',
  auth: 'user',
  params: one,
  query: nothing,
  body: nothing,
  response: device,
});

export const updateDevice = clientEndpoint({
  operationId: 'updateDevice',
  method: 'PUT',
  path: '/_matrix/client/v3/devices/:deviceId',
  auth: 'user',
  params: one,
  query: nothing,
  body: Type.Object({ display_name: Type.Optional(text(256)) }),
  response: nothing,
});

export const deleteDevice = clientEndpoint({
  operationId: 'deleteDevice',
  method: 'DELETE',
  path: '/_matrix/client/v3/devices/:deviceId',
  auth: 'user',
  // It takes a password, which a stolen token must not be able to guess.
  rateLimit: 'login',
  params: one,
  query: nothing,
  body: Type.Object({ auth: Type.Optional(authData) }),
  response: nothing,
});

export const deleteDevices = clientEndpoint({
  operationId: 'deleteDevices',
  method: 'POST',
  path: '/_matrix/client/v3/delete_devices',
  auth: 'user',
  // It takes a password, which a stolen token must not be able to guess.
  rateLimit: 'login',
  params: nothing,
  query: nothing,
  body: Type.Object({ devices: Type.Array(name, { maxItems: 1000 }), auth: Type.Optional(authData) }),
  response: nothing,
});

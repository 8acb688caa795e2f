import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { authData } from './auth-data.ts';

/** How long to wait for other servers, in milliseconds. */
const timeout = Type.Optional(Type.Integer({ minimum: 0 }));
const byUser = Type.Record(Type.String(), formats.json);
const keys = Type.Optional(Type.Record(Type.String(), formats.json));

export const uploadKeys = clientEndpoint({
  operationId: 'uploadKeys',
  method: 'POST',
  path: '/_matrix/client/v3/keys/upload',
  auth: 'user',
  params: nothing,
  query: nothing,
  body: Type.Object({ device_keys: Type.Optional(formats.object), one_time_keys: keys, fallback_keys: keys }),
  response: Type.Object({ one_time_key_counts: Type.Record(Type.String(), Type.Integer()) }),
});

export const queryKeys = clientEndpoint({
  operationId: 'queryKeys',
  method: 'POST',
  path: '/_matrix/client/v3/keys/query',
  auth: 'user',
  params: nothing,
  query: nothing,
  body: Type.Object({ timeout, device_keys: Type.Record(Type.String(), Type.Array(Type.String())) }),
  response: Type.Object({
    failures: byUser,
    device_keys: byUser,
    master_keys: byUser,
    self_signing_keys: byUser,
    user_signing_keys: byUser,
  }),
});

export const claimKeys = clientEndpoint({
  operationId: 'claimKeys',
  method: 'POST',
  path: '/_matrix/client/v3/keys/claim',
  auth: 'user',
  params: nothing,
  query: nothing,
  body: Type.Object({ timeout, one_time_keys: Type.Record(Type.String(), Type.Record(Type.String(), Type.String())) }),
  response: Type.Object({ failures: byUser, one_time_keys: byUser }),
});

export const getKeysChanges = clientEndpoint({
  operationId: 'getKeysChanges',
  method: 'GET',
  path: '/_matrix/client/v3/keys/changes',
  auth: 'user',
  params: nothing,
  query: Type.Object({ from: Type.String(), to: Type.String() }),
  body: nothing,
  response: Type.Object({ changed: Type.Array(Type.String()), left: Type.Array(Type.String()) }),
});

export const uploadCrossSigningKeys = clientEndpoint({
  operationId: 'uploadCrossSigningKeys',
  method: 'POST',
  path: '/_matrix/client/v3/keys/device_signing/upload',
  aliases: ['/_matrix/client/unstable/keys/device_signing/upload'],
  auth: 'user',
  params: nothing,
  query: nothing,
  body: Type.Object({
    master_key: Type.Optional(formats.object),
    self_signing_key: Type.Optional(formats.object),
    user_signing_key: Type.Optional(formats.object),
    auth: Type.Optional(authData),
  }),
  response: nothing,
});

export const uploadCrossSigningSignatures = clientEndpoint({
  operationId: 'uploadCrossSigningSignatures',
  method: 'POST',
  path: '/_matrix/client/v3/keys/signatures/upload',
  aliases: ['/_matrix/client/unstable/keys/signatures/upload'],
  auth: 'user',
  params: nothing,
  query: nothing,
  body: Type.Record(Type.String(), Type.Record(Type.String(), formats.object)),
  response: Type.Object({ failures: byUser }),
});

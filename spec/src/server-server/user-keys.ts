import { Type } from '@sinclair/typebox';
import { serverEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

/** Keys as they are passed on: whoever uses them checks them. */
const byUser = Type.Optional(Type.Record(Type.String(), formats.json));

export const getUserDevices = serverEndpoint({
  operationId: 'getUserDevices',
  method: 'GET',
  path: '/_matrix/federation/v1/user/devices/:userId',
  auth: 'server',
  params: Type.Object({ userId: formats.userId }),
  query: nothing,
  body: nothing,
  response: Type.Object({
    user_id: Type.String(),
    stream_id: formats.integer,
    devices: Type.Array(formats.json),
    master_key: Type.Optional(formats.json),
    self_signing_key: Type.Optional(formats.json),
  }),
});

export const queryUserEncryptionKeys = serverEndpoint({
  operationId: 'queryUserEncryptionKeys',
  method: 'POST',
  path: '/_matrix/federation/v1/user/keys/query',
  auth: 'server',
  params: nothing,
  query: nothing,
  /** Device ids by user, or none for all of them, which servers in Go write as null. */
  body: Type.Object({
    device_keys: Type.Record(Type.String(), Type.Union([Type.Array(Type.String()), Type.Null()])),
  }),
  response: Type.Object({ device_keys: byUser, master_keys: byUser, self_signing_keys: byUser }),
});

export const claimUserEncryptionKeys = serverEndpoint({
  operationId: 'claimUserEncryptionKeys',
  method: 'POST',
  path: '/_matrix/federation/v1/user/keys/claim',
  auth: 'server',
  params: nothing,
  query: nothing,
  body: Type.Object({ one_time_keys: Type.Record(Type.String(), Type.Record(Type.String(), Type.String())) }),
  response: Type.Object({ one_time_keys: byUser }),
});

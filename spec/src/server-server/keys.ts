import { type Static, Type } from '@sinclair/typebox';
import { serverEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

const verifyKey = Type.Object({ key: Type.String() });
const oldVerifyKey = Type.Object({ key: Type.String(), expired_ts: Type.Number() });

/**
 * What a server says of its own keys, signed with them.
 * https://spec.matrix.org/latest/server-server-api/#publishing-keys
 */
export const serverKeys = Type.Object({
  server_name: Type.String(),
  verify_keys: Type.Record(Type.String(), verifyKey),
  old_verify_keys: Type.Optional(Type.Record(Type.String(), oldVerifyKey)),
  signatures: Type.Record(Type.String(), Type.Record(Type.String(), Type.String())),
  valid_until_ts: Type.Number(),
});
export type ServerKeys = Static<typeof serverKeys>;

// One bad entry does not cost the notary the rest: the entries are checked one by one.
const keysOfServers = Type.Object({ server_keys: Type.Optional(Type.Array(formats.json)) });

export const getServerKey = serverEndpoint({
  operationId: 'getServerKey',
  method: 'GET',
  path: '/_matrix/key/v2/server',
  // The key id was once part of the path, and older servers still name one.
  aliases: ['/_matrix/key/v2/server/', '/_matrix/key/v2/server/:keyId'],
  auth: 'none',
  params: nothing,
  query: nothing,
  body: nothing,
  response: serverKeys,
});

export const perspectivesKeyQuery = serverEndpoint({
  operationId: 'perspectivesKeyQuery',
  method: 'GET',
  path: '/_matrix/key/v2/query/:serverName',
  aliases: ['/_matrix/key/v2/query/:serverName/:keyId'],
  auth: 'none',
  params: Type.Object({ serverName: formats.serverName }),
  query: Type.Object({ minimum_valid_until_ts: Type.Optional(Type.Integer()) }),
  body: nothing,
  response: keysOfServers,
});

const criteria = Type.Object({ minimum_valid_until_ts: Type.Optional(Type.Number()) });

export const bulkPerspectivesKeyQuery = serverEndpoint({
  operationId: 'bulkPerspectivesKeyQuery',
  method: 'POST',
  path: '/_matrix/key/v2/query',
  auth: 'none',
  params: nothing,
  query: nothing,
  /** Server name, then key id; no key ids means all of them. */
  body: Type.Object({ server_keys: Type.Record(Type.String(), Type.Record(Type.String(), criteria)) }),
  response: keysOfServers,
  maxBodyBytes: 262_144,
});

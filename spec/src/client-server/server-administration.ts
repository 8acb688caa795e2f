import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

/** Operations that tell a client where and what the server is. They are the same for everybody. */
const open = {
  method: 'GET',
  auth: 'none',
  rateLimit: 'other',
  params: nothing,
  query: nothing,
  body: nothing,
} as const;

export const getVersions = clientEndpoint({
  ...open,
  operationId: 'getVersions',
  path: '/_matrix/client/versions',
  response: Type.Object({
    versions: Type.Array(Type.String()),
    unstable_features: Type.Record(Type.String(), Type.Boolean()),
  }),
});

export const getWellknown = clientEndpoint({
  ...open,
  operationId: 'getWellknown',
  path: '/.well-known/matrix/client',
  response: Type.Object(
    { 'm.homeserver': Type.Object({ base_url: Type.String() }) },
    { additionalProperties: formats.json },
  ),
});

export const getWellknownSupport = clientEndpoint({
  ...open,
  operationId: 'getWellknownSupport',
  path: '/.well-known/matrix/support',
  response: Type.Object({
    contacts: Type.Optional(
      Type.Array(
        Type.Object({
          role: Type.String(),
          matrix_id: Type.Optional(Type.String()),
          email_address: Type.Optional(Type.String()),
        }),
      ),
    ),
    support_page: Type.Optional(Type.String()),
  }),
});

export const getWellknownPolicy = clientEndpoint({
  ...open,
  operationId: 'getWellknownPolicy',
  path: '/.well-known/matrix/policy_server',
  response: Type.Object({ public_keys: Type.Object({ ed25519: Type.String() }) }),
});

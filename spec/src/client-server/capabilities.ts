import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

const enabled = Type.Object({ enabled: Type.Boolean() });

export const getCapabilities = clientEndpoint({
  operationId: 'getCapabilities',
  method: 'GET',
  path: '/_matrix/client/v3/capabilities',
  auth: 'user',
  rateLimit: 'other',
  params: nothing,
  query: nothing,
  body: nothing,
  response: Type.Object({
    capabilities: Type.Object(
      {
        'm.room_versions': Type.Object({
          default: Type.String(),
          available: Type.Record(Type.String(), Type.Union([Type.Literal('stable'), Type.Literal('unstable')])),
        }),
        'm.change_password': enabled,
        'm.set_displayname': enabled,
        'm.set_avatar_url': enabled,
        'm.3pid_changes': enabled,
        'm.get_login_token': enabled,
        'm.profile_fields': Type.Object({ enabled: Type.Boolean(), allowed: Type.Optional(Type.Array(Type.String())) }),
      },
      { additionalProperties: formats.json },
    ),
  }),
});

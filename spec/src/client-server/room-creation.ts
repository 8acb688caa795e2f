import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { storable } from '../text.ts';

const stateEvent = Type.Object({
  type: storable,
  state_key: Type.Optional(storable),
  content: formats.object,
});

export const createRoom = clientEndpoint({
  operationId: 'createRoom',
  method: 'POST',
  path: '/_matrix/client/v3/createRoom',
  auth: 'user',
  rateLimit: 'join',
  params: nothing,
  query: nothing,
  body: Type.Object({
    visibility: Type.Optional(Type.Union([Type.Literal('public'), Type.Literal('private')])),
    /** The part of the alias between the sigil and the colon. */
    room_alias_name: Type.Optional(Type.String()),
    name: Type.Optional(Type.String()),
    topic: Type.Optional(Type.String()),
    invite: Type.Optional(Type.Array(formats.userId, { maxItems: 1_000 })),
    invite_3pid: Type.Optional(Type.Array(formats.object, { maxItems: 50 })),
    room_version: Type.Optional(Type.String()),
    creation_content: Type.Optional(formats.object),
    initial_state: Type.Optional(Type.Array(stateEvent)),
    preset: Type.Optional(
      Type.Union([Type.Literal('private_chat'), Type.Literal('public_chat'), Type.Literal('trusted_private_chat')]),
    ),
    is_direct: Type.Optional(Type.Boolean()),
    power_level_content_override: Type.Optional(formats.object),
  }),
  response: Type.Object({ room_id: formats.roomId }),
});

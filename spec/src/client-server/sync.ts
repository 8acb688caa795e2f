import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

const events = Type.Object({ events: Type.Array(formats.object) });
const byRoom = Type.Optional(Type.Record(Type.String(), formats.object));

/** https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3sync */
export const sync = clientEndpoint({
  operationId: 'sync',
  method: 'GET',
  path: '/_matrix/client/v3/sync',
  auth: 'user',
  params: nothing,
  query: Type.Object({
    /** The id of a stored filter, or a filter written out as JSON. */
    filter: Type.Optional(Type.String()),
    since: Type.Optional(Type.String()),
    full_state: Type.Optional(Type.Boolean()),
    set_presence: Type.Optional(
      Type.Union([Type.Literal('offline'), Type.Literal('online'), Type.Literal('unavailable')]),
    ),
    /** Milliseconds. */
    timeout: Type.Optional(Type.Integer({ minimum: 0 })),
    use_state_after: Type.Optional(Type.Boolean()),
    /** What clients call it that were built before it was in a released specification. */
    'org.matrix.msc4222.use_state_after': Type.Optional(Type.Boolean()),
  }),
  body: nothing,
  response: Type.Object({
    next_batch: Type.String(),
    rooms: Type.Optional(Type.Object({ join: byRoom, invite: byRoom, knock: byRoom, leave: byRoom })),
    account_data: Type.Optional(events),
    presence: Type.Optional(events),
    to_device: Type.Optional(events),
    device_lists: Type.Optional(Type.Object({ changed: Type.Array(Type.String()), left: Type.Array(Type.String()) })),
    device_one_time_keys_count: Type.Optional(Type.Record(Type.String(), Type.Integer())),
    device_unused_fallback_key_types: Type.Optional(Type.Array(Type.String())),
  }),
});

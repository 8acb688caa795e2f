import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

/** Beyond these, M_INVALID_PARAM. */
export const SLIDING_LIMITS = {
  lists: 100,
  /** Clients subscribe to each room that has been on the screen, and may name these again for an extension. */
  subscriptions: 5_000,
  /** Of one list. */
  ranges: 20,
  requiredState: 200,
  /** Of what a filter names, and of the lists that an extension names. */
  names: 200,
} as const;

const presence = Type.Optional(
  Type.Union([Type.Literal('offline'), Type.Literal('online'), Type.Literal('unavailable')]),
);
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const span = Type.Tuple([count, count]);
const names = Type.Optional(Type.Array(Type.String(), { maxItems: SLIDING_LIMITS.names }));
const rooms = Type.Optional(Type.Array(Type.String(), { maxItems: SLIDING_LIMITS.subscriptions }));
const types = Type.Optional(Type.Array(Type.Union([Type.String(), Type.Null()]), { maxItems: SLIDING_LIMITS.names }));
const flag = Type.Optional(Type.Boolean());

const filters = {
  is_dm: flag,
  is_encrypted: flag,
  room_types: types,
  not_room_types: types,
  tags: names,
  not_tags: names,
  spaces: names,
  /** Of the proposal before this one (MSC3575). */
  room_name_like: Type.Optional(Type.String({ maxLength: 255 })),
};

const batch = Type.Optional(
  Type.Object({
    enabled: flag,
    limit: Type.Optional(count),
    since: Type.Optional(Type.String()),
  }),
);
const windowed = Type.Optional(Type.Object({ enabled: flag, limit: Type.Optional(count) }));
const scoped = Type.Optional(Type.Object({ enabled: flag, lists: names, rooms }));
const profiles = Type.Optional(Type.Object({ enabled: flag, lists: names, rooms, fields: names }));
const extensions = Type.Optional(
  Type.Object({
    to_device: batch,
    e2ee: Type.Optional(Type.Object({ enabled: flag })),
    account_data: scoped,
    receipts: scoped,
    typing: scoped,
    sticky_events: batch,
    'org.matrix.msc4354.sticky_events': batch,
    profiles,
    'org.matrix.msc4262.profiles': profiles,
    thread_subscriptions: windowed,
    'io.element.msc4308.thread_subscriptions': windowed,
  }),
);

const roomFields = {
  timeline_limit: Type.Optional(count),
  required_state: Type.Optional(
    Type.Array(Type.Tuple([Type.String(), Type.String()]), { maxItems: SLIDING_LIMITS.requiredState }),
  ),
};

const pattern = Type.Object({ type: Type.Optional(Type.String()), state_key: Type.Optional(Type.String()) });
const patterns = Type.Optional(Type.Array(pattern, { maxItems: SLIDING_LIMITS.requiredState }));

const acceptedFields = {
  timeline_limit: count,
  required_state: Type.Object({
    include: patterns,
    exclude: patterns,
    lazy_members: Type.Optional(Type.Boolean()),
  }),
};

/**
 * Sliding sync as it was accepted; it is in no release of the specification yet:
 * https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md
 */
export const slidingSync = clientEndpoint({
  operationId: 'slidingSync',
  method: 'POST',
  path: '/_matrix/client/v4/sync',
  auth: 'user',
  params: nothing,
  query: nothing,
  body: Type.Object({
    conn_id: Type.Optional(Type.String()),
    pos: Type.Optional(Type.String()),
    /** Milliseconds. */
    timeout: Type.Optional(count),
    set_presence: presence,
    lists: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[0-9a-zA-Z._~-]{1,255}$' }),
        Type.Object({
          ...acceptedFields,
          range: Type.Optional(span),
          filters: Type.Optional(Type.Object({ ...filters, is_invited: flag })),
        }),
        { additionalProperties: false },
      ),
    ),
    room_subscriptions: Type.Optional(Type.Record(Type.String(), Type.Object(acceptedFields))),
    extensions,
  }),
  invalidBody: 'M_INVALID_PARAM',
  response: Type.Object({
    pos: Type.String(),
    lists: Type.Optional(Type.Record(Type.String(), formats.object)),
    rooms: Type.Optional(Type.Record(Type.String(), formats.object)),
    extensions: Type.Optional(formats.object),
  }),
});

/**
 * Sliding sync as clients speak it, before it was accepted:
 * https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md#unstable-prefix
 */
export const slidingSyncUnstable = clientEndpoint({
  operationId: 'slidingSyncUnstable',
  method: 'POST',
  path: '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync',
  auth: 'user',
  params: nothing,
  query: Type.Object({
    pos: Type.Optional(Type.String()),
    /** Milliseconds. */
    timeout: Type.Optional(count),
    set_presence: presence,
  }),
  body: Type.Object({
    conn_id: Type.Optional(Type.String()),
    txn_id: Type.Optional(Type.String()),
    lists: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Object({
          ...roomFields,
          ranges: Type.Optional(Type.Array(span, { maxItems: SLIDING_LIMITS.ranges })),
          filters: Type.Optional(Type.Object({ ...filters, is_invite: flag })),
        }),
      ),
    ),
    room_subscriptions: Type.Optional(Type.Record(Type.String(), Type.Object(roomFields))),
    extensions,
  }),
  invalidBody: 'M_INVALID_PARAM',
  response: Type.Object({
    pos: Type.String(),
    lists: Type.Optional(Type.Record(Type.String(), formats.object)),
    rooms: Type.Record(Type.String(), formats.object),
    extensions: formats.object,
  }),
});

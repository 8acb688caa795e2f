import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

const strings = Type.Optional(Type.Array(Type.String(), { maxItems: 10_000 }));
const rooms = Type.Optional(Type.Array(formats.roomId, { maxItems: 10_000 }));
const users = Type.Optional(Type.Array(formats.userId, { maxItems: 10_000 }));

const eventFilter = {
  limit: Type.Optional(Type.Integer()),
  senders: users,
  not_senders: users,
  types: strings,
  not_types: strings,
};

/** https://spec.matrix.org/latest/client-server-api/#filtering: the `RoomEventFilter` */
export const roomEventFilterSchema = Type.Object({
  ...eventFilter,
  rooms,
  not_rooms: rooms,
  lazy_load_members: Type.Optional(Type.Boolean()),
  include_redundant_members: Type.Optional(Type.Boolean()),
  unread_thread_notifications: Type.Optional(Type.Boolean()),
  contains_url: Type.Optional(Type.Boolean()),
  /** MSC3440: only events to which others relate, of these kinds and by these users. Only where history is read. */
  related_by_rel_types: strings,
  related_by_senders: users,
});

const eventFilterSchema = Type.Object(eventFilter);

/** A filter for `/sync`. Members that we do not know are kept: a client wants back what it stored. */
export const syncFilterSchema = Type.Object({
  event_fields: strings,
  event_format: Type.Optional(Type.Union([Type.Literal('client'), Type.Literal('federation')])),
  presence: Type.Optional(eventFilterSchema),
  account_data: Type.Optional(eventFilterSchema),
  room: Type.Optional(
    Type.Object({
      rooms,
      not_rooms: rooms,
      include_leave: Type.Optional(Type.Boolean()),
      ephemeral: Type.Optional(roomEventFilterSchema),
      state: Type.Optional(roomEventFilterSchema),
      timeline: Type.Optional(roomEventFilterSchema),
      account_data: Type.Optional(roomEventFilterSchema),
    }),
  ),
});

export const defineFilter = clientEndpoint({
  operationId: 'defineFilter',
  method: 'POST',
  path: '/_matrix/client/v3/user/:userId/filter',
  auth: 'user',
  params: Type.Object({ userId: formats.userId }),
  query: nothing,
  body: syncFilterSchema,
  response: Type.Object({ filter_id: Type.String() }),
  maxBodyBytes: 64 * 1024,
});

export const getFilter = clientEndpoint({
  operationId: 'getFilter',
  method: 'GET',
  path: '/_matrix/client/v3/user/:userId/filter/:filterId',
  auth: 'user',
  params: Type.Object({ userId: formats.userId, filterId: Type.String() }),
  query: nothing,
  body: nothing,
  response: syncFilterSchema,
});

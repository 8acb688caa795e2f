import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

const room = Type.Object({ roomId: formats.roomId });
const roomAndEvent = Type.Object({ roomId: formats.roomId, eventId: formats.eventId });
const events = Type.Array(formats.object);
const membership = Type.Union(
  (['join', 'invite', 'knock', 'leave', 'ban'] as const).map((value) => Type.Literal(value)),
);
const limit = Type.Optional(Type.Integer({ minimum: 0 }));
/** A `RoomEventFilter` as JSON text. */
const filter = Type.Optional(Type.String());

export const getRoomState = clientEndpoint({
  operationId: 'getRoomState',
  method: 'GET',
  path: '/_matrix/client/v3/rooms/:roomId/state',
  auth: 'user',
  params: room,
  query: nothing,
  body: nothing,
  response: events,
});

/** The state key is empty where the path has none. */
export const getRoomStateWithKey = clientEndpoint({
  operationId: 'getRoomStateWithKey',
  method: 'GET',
  path: '/_matrix/client/v3/rooms/:roomId/state/:eventType/:stateKey',
  aliases: [
    '/_matrix/client/v3/rooms/:roomId/state/:eventType/',
    '/_matrix/client/v3/rooms/:roomId/state/:eventType',
    '/_matrix/client/r0/rooms/:roomId/state/:eventType/',
    '/_matrix/client/r0/rooms/:roomId/state/:eventType',
  ],
  auth: 'user',
  params: Type.Object({ roomId: formats.roomId, eventType: Type.String(), stateKey: Type.Optional(Type.String()) }),
  query: Type.Object({ format: Type.Optional(Type.Union([Type.Literal('content'), Type.Literal('event')])) }),
  body: nothing,
  response: formats.object,
});

export const getMembersByRoom = clientEndpoint({
  operationId: 'getMembersByRoom',
  method: 'GET',
  path: '/_matrix/client/v3/rooms/:roomId/members',
  auth: 'user',
  params: room,
  query: Type.Object({
    at: Type.Optional(Type.String()),
    membership: Type.Optional(membership),
    not_membership: Type.Optional(membership),
  }),
  body: nothing,
  response: Type.Object({ chunk: events }),
});

export const getJoinedMembersByRoom = clientEndpoint({
  operationId: 'getJoinedMembersByRoom',
  method: 'GET',
  path: '/_matrix/client/v3/rooms/:roomId/joined_members',
  auth: 'user',
  params: room,
  query: nothing,
  body: nothing,
  response: Type.Object({
    joined: Type.Record(
      Type.String(),
      Type.Object({ display_name: Type.Optional(Type.String()), avatar_url: Type.Optional(Type.String()) }),
    ),
  }),
});

export const getRoomEvents = clientEndpoint({
  operationId: 'getRoomEvents',
  method: 'GET',
  path: '/_matrix/client/v3/rooms/:roomId/messages',
  auth: 'user',
  params: room,
  query: Type.Object({
    from: Type.Optional(Type.String()),
    to: Type.Optional(Type.String()),
    dir: Type.Union([Type.Literal('b'), Type.Literal('f')]),
    limit,
    filter,
  }),
  body: nothing,
  response: Type.Object({
    start: Type.String(),
    /** Absent where there is nothing more. */
    end: Type.Optional(Type.String()),
    chunk: events,
    state: Type.Optional(events),
  }),
});

export const getOneRoomEvent = clientEndpoint({
  operationId: 'getOneRoomEvent',
  method: 'GET',
  path: '/_matrix/client/v3/rooms/:roomId/event/:eventId',
  auth: 'user',
  params: roomAndEvent,
  query: Type.Object({
    // MSC2815: what a redacted event was, for whoever may redact.
    'fi.mau.msc2815.include_unredacted_content': Type.Optional(Type.Boolean()),
    include_unredacted_content: Type.Optional(Type.Boolean()),
  }),
  body: nothing,
  response: formats.object,
});

export const getEventContext = clientEndpoint({
  operationId: 'getEventContext',
  method: 'GET',
  path: '/_matrix/client/v3/rooms/:roomId/context/:eventId',
  auth: 'user',
  params: roomAndEvent,
  query: Type.Object({ limit, filter }),
  body: nothing,
  response: Type.Object({
    start: Type.String(),
    end: Type.String(),
    events_before: events,
    event: formats.object,
    events_after: events,
    state: events,
  }),
});

/** The event closest to a moment, from there on backwards or forwards in time. */
export const getEventByTimestamp = clientEndpoint({
  operationId: 'getEventByTimestamp',
  method: 'GET',
  path: '/_matrix/client/v1/rooms/:roomId/timestamp_to_event',
  aliases: ['/_matrix/client/unstable/org.matrix.msc3030/rooms/:roomId/timestamp_to_event'],
  auth: 'user',
  rateLimit: 'other',
  params: room,
  query: Type.Object({ ts: formats.integer, dir: Type.Union([Type.Literal('b'), Type.Literal('f')]) }),
  body: nothing,
  response: Type.Object({ event_id: formats.eventId, origin_server_ts: Type.Integer() }),
});

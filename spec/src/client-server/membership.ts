import { type TSchema, Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import type { RateLimitClass } from '../endpoint.ts';

const room = Type.Object({ roomId: formats.roomId });
const roomIdOrAlias = Type.Object({ roomIdOrAlias: formats.roomIdOrAlias });
const reason = Type.Optional(Type.String());
const joined = Type.Object({ room_id: formats.roomId });
/** `server_name` is what `via` was called before version 1.12. */
const via = Type.Object({
  via: Type.Optional(Type.Array(formats.serverName)),
  server_name: Type.Optional(Type.Array(formats.serverName)),
});
/** The proof of an invite that was made to an address. */
const joinBody = Type.Object({ reason, third_party_signed: Type.Optional(formats.object) });

export const joinRoomById = clientEndpoint({
  operationId: 'joinRoomById',
  method: 'POST',
  path: '/_matrix/client/v3/rooms/:roomId/join',
  auth: 'user',
  rateLimit: 'join',
  params: room,
  query: nothing,
  body: joinBody,
  response: joined,
});

export const joinRoom = clientEndpoint({
  operationId: 'joinRoom',
  method: 'POST',
  path: '/_matrix/client/v3/join/:roomIdOrAlias',
  auth: 'user',
  rateLimit: 'join',
  params: roomIdOrAlias,
  query: via,
  body: joinBody,
  response: joined,
});

export const knockRoom = clientEndpoint({
  operationId: 'knockRoom',
  method: 'POST',
  path: '/_matrix/client/v3/knock/:roomIdOrAlias',
  auth: 'user',
  rateLimit: 'join',
  params: roomIdOrAlias,
  query: via,
  body: Type.Object({ reason }),
  response: joined,
});

/** `POST /rooms/{roomId}/<operationId or the word given>`, answered by an empty object. */
const inRoom = <B extends TSchema>(operationId: string, word: string, body: B, rateLimit: RateLimitClass = 'other') =>
  clientEndpoint({
    operationId,
    method: 'POST',
    path: `/_matrix/client/v3/rooms/:roomId/${word}`,
    auth: 'user',
    rateLimit,
    params: room,
    query: nothing,
    body,
    response: nothing,
  });

const target = Type.Object({ user_id: formats.userId, reason });

export const leaveRoom = inRoom('leaveRoom', 'leave', Type.Object({ reason }));
export const forgetRoom = inRoom('forgetRoom', 'forget', nothing);
export const kick = inRoom('kick', 'kick', target);
export const ban = inRoom('ban', 'ban', target);
export const unban = inRoom('unban', 'unban', target);

/** Also `inviteBy3PID`, whose body names an address in place of a user. */
export const inviteUser = inRoom(
  'inviteUser',
  'invite',
  Type.Object({
    user_id: Type.Optional(formats.userId),
    reason,
    medium: Type.Optional(Type.String()),
    address: Type.Optional(Type.String()),
    id_server: Type.Optional(Type.String()),
    id_access_token: Type.Optional(Type.String()),
  }),
  'invite',
);

export const getJoinedRooms = clientEndpoint({
  operationId: 'getJoinedRooms',
  method: 'GET',
  path: '/_matrix/client/v3/joined_rooms',
  auth: 'user',
  params: nothing,
  query: nothing,
  body: nothing,
  response: Type.Object({ joined_rooms: Type.Array(formats.roomId) }),
});

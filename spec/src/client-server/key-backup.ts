import { type Static, Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { name } from '../text.ts';

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** The key of a session, encrypted by the device that had it. */
export const keyBackupData = Type.Object({
  first_message_index: count,
  forwarded_count: count,
  is_verified: Type.Boolean(),
  session_data: formats.object,
});
export type KeyBackupData = Static<typeof keyBackupData>;

const sessions = Type.Object({ sessions: Type.Record(Type.String(), keyBackupData) });
const rooms = Type.Object({ rooms: Type.Record(Type.String(), sessions) });
const updated = Type.Object({ count: Type.Integer(), etag: Type.String() });
const backup = Type.Object({ algorithm: name, auth_data: formats.object });
const info = Type.Object({
  algorithm: Type.String(),
  auth_data: formats.object,
  count: Type.Integer(),
  etag: Type.String(),
  version: Type.String(),
});

const version = Type.Object({ version: Type.String() });
const ofRoom = Type.Object({ roomId: formats.roomId });
const ofSession = Type.Object({ roomId: formats.roomId, sessionId: name });

const VERSIONS = '/_matrix/client/v3/room_keys/version';
const KEYS = '/_matrix/client/v3/room_keys/keys';

export const postRoomKeysVersion = clientEndpoint({
  operationId: 'postRoomKeysVersion',
  method: 'POST',
  path: VERSIONS,
  auth: 'user',
  params: nothing,
  query: nothing,
  body: backup,
  response: version,
});

export const getRoomKeysVersionCurrent = clientEndpoint({
  operationId: 'getRoomKeysVersionCurrent',
  method: 'GET',
  path: VERSIONS,
  auth: 'user',
  params: nothing,
  query: nothing,
  body: nothing,
  response: info,
});

export const getRoomKeysVersion = clientEndpoint({
  operationId: 'getRoomKeysVersion',
  method: 'GET',
  path: `${VERSIONS}/:version`,
  auth: 'user',
  params: version,
  query: nothing,
  body: nothing,
  response: info,
});

export const putRoomKeysVersion = clientEndpoint({
  operationId: 'putRoomKeysVersion',
  method: 'PUT',
  path: `${VERSIONS}/:version`,
  auth: 'user',
  params: version,
  query: nothing,
  body: Type.Object({ algorithm: name, auth_data: formats.object, version: Type.Optional(Type.String()) }),
  response: nothing,
});

export const deleteRoomKeysVersion = clientEndpoint({
  operationId: 'deleteRoomKeysVersion',
  method: 'DELETE',
  path: `${VERSIONS}/:version`,
  auth: 'user',
  params: version,
  query: nothing,
  body: nothing,
  response: nothing,
});

export const putRoomKeyBySessionId = clientEndpoint({
  operationId: 'putRoomKeyBySessionId',
  method: 'PUT',
  path: `${KEYS}/:roomId/:sessionId`,
  auth: 'user',
  params: ofSession,
  query: version,
  body: keyBackupData,
  response: updated,
});

export const getRoomKeyBySessionId = clientEndpoint({
  operationId: 'getRoomKeyBySessionId',
  method: 'GET',
  path: `${KEYS}/:roomId/:sessionId`,
  auth: 'user',
  params: ofSession,
  query: version,
  body: nothing,
  response: keyBackupData,
});

export const deleteRoomKeyBySessionId = clientEndpoint({
  operationId: 'deleteRoomKeyBySessionId',
  method: 'DELETE',
  path: `${KEYS}/:roomId/:sessionId`,
  auth: 'user',
  params: ofSession,
  query: version,
  body: nothing,
  response: updated,
});

export const putRoomKeysByRoomId = clientEndpoint({
  operationId: 'putRoomKeysByRoomId',
  method: 'PUT',
  path: `${KEYS}/:roomId`,
  auth: 'user',
  params: ofRoom,
  query: version,
  body: sessions,
  response: updated,
});

export const getRoomKeysByRoomId = clientEndpoint({
  operationId: 'getRoomKeysByRoomId',
  method: 'GET',
  path: `${KEYS}/:roomId`,
  auth: 'user',
  params: ofRoom,
  query: version,
  body: nothing,
  response: sessions,
});

export const deleteRoomKeysByRoomId = clientEndpoint({
  operationId: 'deleteRoomKeysByRoomId',
  method: 'DELETE',
  path: `${KEYS}/:roomId`,
  auth: 'user',
  params: ofRoom,
  query: version,
  body: nothing,
  response: updated,
});

export const putRoomKeys = clientEndpoint({
  operationId: 'putRoomKeys',
  method: 'PUT',
  path: KEYS,
  auth: 'user',
  params: nothing,
  query: version,
  body: rooms,
  response: updated,
});

export const getRoomKeys = clientEndpoint({
  operationId: 'getRoomKeys',
  method: 'GET',
  path: KEYS,
  auth: 'user',
  params: nothing,
  query: version,
  body: nothing,
  response: rooms,
});

export const deleteRoomKeys = clientEndpoint({
  operationId: 'deleteRoomKeys',
  method: 'DELETE',
  path: KEYS,
  auth: 'user',
  params: nothing,
  query: version,
  body: nothing,
  response: updated,
});

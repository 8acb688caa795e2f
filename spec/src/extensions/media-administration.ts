import { type Static, Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { mxcParams } from '../media.ts';

/**
 * What administrators of this server do with files. Every operation answers 403 `M_FORBIDDEN` to anybody else. What
 * holds a file holds its content: under every address that leads to it, and under those that come later.
 */
const base = '/_holm/admin/v1';

const holdKind = Type.Union([Type.Literal('quarantined'), Type.Literal('protected')]);
const userId = Type.Object({ userId: formats.userId });
const roomId = Type.Object({ roomId: formats.roomId });
const limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 500 }));

const file = Type.Object({
  content_uri: Type.String(),
  /** Absent while it is announced only. */
  size: Type.Optional(Type.Integer()),
  content_type: Type.String(),
  filename: Type.Optional(Type.String()),
  /** Absent for files of other servers. */
  uploader: Type.Optional(Type.String()),
  /** When it came to this server. */
  created_at: Type.Integer(),
  /** To the day. */
  last_used_at: Type.Integer(),
  hold: Type.Optional(Type.Object({ kind: holdKind, set_by: Type.String(), set_at: Type.Integer() })),
});
export type AdministeredFile = Static<typeof file>;

/** The newest first. */
export const listUserMedia = clientEndpoint({
  operationId: 'holmListUserMedia',
  method: 'GET',
  path: `${base}/users/:userId/media`,
  auth: 'user',
  params: userId,
  query: Type.Object({ from: Type.Optional(Type.String({ pattern: '^[0-9]{1,16}~[A-Za-z0-9_-]{1,255}$' })), limit }),
  body: nothing,
  response: Type.Object({
    files: Type.Array(file),
    total_bytes: Type.Integer(),
    total_files: Type.Integer(),
    next: Type.Optional(Type.String()),
  }),
});

/** Removes what a user has sent, but for what is protected. */
export const deleteUserMedia = clientEndpoint({
  operationId: 'holmDeleteUserMedia',
  method: 'DELETE',
  path: `${base}/users/:userId/media`,
  auth: 'user',
  params: userId,
  query: nothing,
  body: Type.Object({ before_ts: Type.Optional(Type.Integer({ minimum: 0 })) }),
  response: Type.Object({ removed: Type.Integer() }),
});

/** Takes all that a user has sent out of sight, but for what is protected. */
export const quarantineUserMedia = clientEndpoint({
  operationId: 'holmQuarantineUserMedia',
  method: 'PUT',
  path: `${base}/users/:userId/media/quarantine`,
  auth: 'user',
  params: userId,
  query: nothing,
  body: nothing,
  response: Type.Object({ quarantined: Type.Integer() }),
});

const place = Type.Optional(Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }));

/** Addresses of files in what was said in a room, as far as it can be read: some thousand events at a time. */
export const listRoomMedia = clientEndpoint({
  operationId: 'holmListRoomMedia',
  method: 'GET',
  path: `${base}/rooms/:roomId/media`,
  auth: 'user',
  params: roomId,
  query: Type.Object({ from: place }),
  body: nothing,
  response: Type.Object({ content_uris: Type.Array(Type.String()), next: Type.Optional(Type.Integer()) }),
});

/** As `listRoomMedia`, and takes them out of sight, but for those that are protected. To be asked until there is no `next`. */
export const quarantineRoomMedia = clientEndpoint({
  operationId: 'holmQuarantineRoomMedia',
  method: 'PUT',
  path: `${base}/rooms/:roomId/media/quarantine`,
  auth: 'user',
  params: roomId,
  query: Type.Object({ from: place }),
  body: nothing,
  response: Type.Object({ quarantined: Type.Integer(), next: Type.Optional(Type.Integer()) }),
});

export const getMediaDetails = clientEndpoint({
  operationId: 'holmGetMedia',
  method: 'GET',
  path: `${base}/media/:serverName/:mediaId`,
  auth: 'user',
  params: mxcParams,
  query: nothing,
  body: nothing,
  response: file,
});

/** Removes a file. One of another server may be fetched again. */
export const deleteMedia = clientEndpoint({
  operationId: 'holmDeleteMedia',
  method: 'DELETE',
  path: `${base}/media/:serverName/:mediaId`,
  auth: 'user',
  params: mxcParams,
  query: nothing,
  body: nothing,
  response: nothing,
});

/** Takes a file out of sight, or protects it from what befalls many at once. Takes the place of an earlier hold. */
export const holdMedia = clientEndpoint({
  operationId: 'holmHoldMedia',
  method: 'PUT',
  path: `${base}/media/:serverName/:mediaId/hold`,
  auth: 'user',
  params: mxcParams,
  query: nothing,
  body: Type.Object({ kind: holdKind }),
  response: file,
});

export const liftMediaHold = clientEndpoint({
  operationId: 'holmLiftMediaHold',
  method: 'DELETE',
  path: `${base}/media/:serverName/:mediaId/hold`,
  auth: 'user',
  params: mxcParams,
  query: nothing,
  body: nothing,
  response: file,
});

/** Removes files of other servers that nobody has looked at since then. */
export const purgeRemoteMedia = clientEndpoint({
  operationId: 'holmPurgeRemoteMedia',
  method: 'POST',
  path: `${base}/media/purge_remote`,
  auth: 'user',
  params: nothing,
  query: nothing,
  body: Type.Object({ unused_since_ts: Type.Integer({ minimum: 0 }) }),
  response: Type.Object({ removed: Type.Integer() }),
});

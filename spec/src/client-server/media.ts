import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { mediaId, mxcParams, thumbnailQuery, waiting } from '../media.ts';
import { text } from '../text.ts';

const filename = Type.Optional(text(1_000));
const contentUri = Type.String({ pattern: '^mxc://' });
const withName = Type.Object({ serverName: formats.serverName, mediaId, fileName: text(1_000) });
/** The file itself. */
const bytes = Type.Unknown();
const config = Type.Object({ 'm.upload.size': Type.Integer() });
const preview = { query: Type.Object({ url: text(2_000, 1), ts: Type.Optional(formats.integer) }) };

/** `/_matrix/media/v1` is how the paths of `v3` were spelt long ago. */
const long = (path: string): readonly `/${string}`[] => [`/_matrix/media/v1/${path}`];

export const uploadContent = clientEndpoint({
  operationId: 'uploadContent',
  method: 'POST',
  path: '/_matrix/media/v3/upload',
  aliases: long('upload'),
  auth: 'user',
  rateLimit: 'media',
  streams: true,
  params: nothing,
  query: Type.Object({ filename }),
  body: nothing,
  response: Type.Object({ content_uri: contentUri }),
});

export const createContent = clientEndpoint({
  operationId: 'createContent',
  method: 'POST',
  path: '/_matrix/media/v1/create',
  auth: 'user',
  rateLimit: 'media',
  params: nothing,
  query: nothing,
  body: nothing,
  response: Type.Object({ content_uri: contentUri, unused_expires_at: Type.Integer() }),
});

export const uploadContentToMXC = clientEndpoint({
  operationId: 'uploadContentToMXC',
  method: 'PUT',
  path: '/_matrix/media/v3/upload/:serverName/:mediaId',
  auth: 'user',
  rateLimit: 'media',
  streams: true,
  params: mxcParams,
  query: Type.Object({ filename }),
  body: nothing,
  response: nothing,
});

export const getConfigAuthed = clientEndpoint({
  operationId: 'getConfigAuthed',
  method: 'GET',
  path: '/_matrix/client/v1/media/config',
  auth: 'user',
  rateLimit: 'media',
  params: nothing,
  query: nothing,
  body: nothing,
  response: config,
});

export const getContentAuthed = clientEndpoint({
  operationId: 'getContentAuthed',
  method: 'GET',
  path: '/_matrix/client/v1/media/download/:serverName/:mediaId',
  auth: 'user',
  rateLimit: 'media',
  params: mxcParams,
  query: Type.Object(waiting),
  body: nothing,
  response: bytes,
});

export const getContentOverrideNameAuthed = clientEndpoint({
  operationId: 'getContentOverrideNameAuthed',
  method: 'GET',
  path: '/_matrix/client/v1/media/download/:serverName/:mediaId/:fileName',
  auth: 'user',
  rateLimit: 'media',
  params: withName,
  query: Type.Object(waiting),
  body: nothing,
  response: bytes,
});

export const getContentThumbnailAuthed = clientEndpoint({
  operationId: 'getContentThumbnailAuthed',
  method: 'GET',
  path: '/_matrix/client/v1/media/thumbnail/:serverName/:mediaId',
  auth: 'user',
  rateLimit: 'media',
  params: mxcParams,
  query: thumbnailQuery,
  body: nothing,
  response: bytes,
});

export const getUrlPreviewAuthed = clientEndpoint({
  operationId: 'getUrlPreviewAuthed',
  method: 'GET',
  path: '/_matrix/client/v1/media/preview_url',
  auth: 'user',
  rateLimit: 'media',
  params: nothing,
  ...preview,
  body: nothing,
  response: formats.object,
});

// Those of before 1.11, most of which ask for no token. Some clients that know no others (nheko) send theirs all the same.

const remote = { allow_remote: Type.Optional(Type.Boolean()), allow_redirect: Type.Optional(Type.Boolean()) };

export const getConfig = clientEndpoint({
  ...getConfigAuthed,
  operationId: 'getConfig',
  path: '/_matrix/media/v3/config',
  aliases: long('config'),
});

export const getUrlPreview = clientEndpoint({
  ...getUrlPreviewAuthed,
  operationId: 'getUrlPreview',
  path: '/_matrix/media/v3/preview_url',
  aliases: long('preview_url'),
});

export const getContent = clientEndpoint({
  operationId: 'getContent',
  method: 'GET',
  path: '/_matrix/media/v3/download/:serverName/:mediaId',
  aliases: long('download/:serverName/:mediaId'),
  auth: 'optional user',
  rateLimit: 'media',
  params: mxcParams,
  query: Type.Object({ ...waiting, ...remote }),
  body: nothing,
  response: bytes,
});

export const getContentOverrideName = clientEndpoint({
  ...getContent,
  operationId: 'getContentOverrideName',
  path: '/_matrix/media/v3/download/:serverName/:mediaId/:fileName',
  aliases: long('download/:serverName/:mediaId/:fileName'),
  params: withName,
});

export const getContentThumbnail = clientEndpoint({
  ...getContent,
  operationId: 'getContentThumbnail',
  path: '/_matrix/media/v3/thumbnail/:serverName/:mediaId',
  aliases: long('thumbnail/:serverName/:mediaId'),
  query: Type.Object({ ...thumbnailQuery.properties, ...remote }),
});

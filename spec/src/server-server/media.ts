import { Type } from '@sinclair/typebox';
import { serverEndpoint } from '../endpoint.ts';
import { nothing } from '../formats.ts';
import { mediaId, thumbnailQuery, waiting } from '../media.ts';

/** `multipart/mixed`: what is known of the file as JSON, then the file or where it is. */
const parts = Type.Unknown();

export const downloadMedia = serverEndpoint({
  operationId: 'getContent',
  method: 'GET',
  path: '/_matrix/federation/v1/media/download/:mediaId',
  auth: 'server',
  params: Type.Object({ mediaId }),
  query: Type.Object(waiting),
  body: nothing,
  response: parts,
});

export const downloadMediaThumbnail = serverEndpoint({
  operationId: 'getContentThumbnail',
  method: 'GET',
  path: '/_matrix/federation/v1/media/thumbnail/:mediaId',
  auth: 'server',
  params: Type.Object({ mediaId }),
  query: thumbnailQuery,
  body: nothing,
  response: parts,
});

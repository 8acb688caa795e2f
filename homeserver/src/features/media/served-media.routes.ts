import { Readable } from 'node:stream';
import type { ServerName } from '@holm/spec/ids';
import { downloadMedia, downloadMediaThumbnail } from '@holm/spec/server-server/media';
import { Reply } from '../../http/reply.ts';
import { type Route, route } from '../../http/route.ts';
import { type Entropy, token } from '../../platform/entropy.ts';
import { mayBeInline } from './content-type.ts';
import { printDisposition } from './disposition.ts';
import type { Library, Media } from './library.service.ts';
import { writeMultipart } from './multipart.ts';
import type { Thumbnails } from './thumbnails.service.ts';

export interface ServedMediaDeps {
  readonly serverName: ServerName;
  readonly entropy: Entropy;
  readonly library: Library;
  readonly thumbnails: Thumbnails;
}

const BOUNDARY_LENGTH = 40;

/** Files of this server, for others. */
export const servedMediaRoutes = ({ serverName, entropy, library, thumbnails }: ServedMediaDeps): readonly Route[] => {
  const inParts = async (media: Media): Promise<Reply> => {
    const { contentType, filename, size } = media;
    const kind = mayBeInline(contentType) ? 'inline' : 'attachment';
    const headers = { 'Content-Type': contentType, 'Content-Disposition': printDisposition(kind, filename) };
    const boundary = token(entropy, BOUNDARY_LENGTH);
    const body = await library.read(media);
    const parts = writeMultipart(boundary, { headers, size, body });
    const chunks = Readable.from(parts.chunks(), { objectMode: false });
    // Whoever asks for the headers alone, or has gone, never begins to read it.
    chunks.once('close', () => body.destroy());
    return new Reply(
      200,
      { 'content-type': `multipart/mixed; boundary=${boundary}`, 'content-length': String(parts.size) },
      chunks,
    );
  };
  return [
    route(downloadMedia, async ({ params: { mediaId }, query, signal }) =>
      inParts(await library.find({ serverName, mediaId }, { timeoutMs: query.timeout_ms, signal })),
    ),

    route(downloadMediaThumbnail, async ({ params: { mediaId }, query, signal }) => {
      const media = await library.find({ serverName, mediaId }, { timeoutMs: query.timeout_ms, signal });
      return inParts(await thumbnails.of(media, query));
    }),
  ];
};

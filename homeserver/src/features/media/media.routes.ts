import {
  createContent, getConfig, getConfigAuthed, getContent, getContentAuthed, getContentOverrideName,
  getContentOverrideNameAuthed, getContentThumbnail, getContentThumbnailAuthed, uploadContent, uploadContentToMXC,
} from '@holm/spec/client-server/media'; // prettier-ignore
import { printMxc } from '@holm/spec/media';
import { Reply } from '../../http/reply.ts';
import { type Caller, type Route, route } from '../../http/route.ts';
import { fileHeaders } from './file-headers.ts';
import type { Library, Media, Wanted } from './library.service.ts';
import type { Thumbnails } from './thumbnails.service.ts';
import type { Sent, Uploads } from './uploads.service.ts';

export interface MediaRoutesDeps {
  readonly uploads: Uploads;
  readonly library: Library;
  readonly thumbnails: Thumbnails;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const one = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header[0] : header);

const sentBy = (request: { headers: Headers; bytes: Sent['bytes']; query: { filename?: string } }): Sent => {
  const announced = one(request.headers['content-length']);
  return {
    bytes: (limit) => request.bytes(limit),
    announcedBytes: announced === undefined ? undefined : Number(announced),
    contentType: one(request.headers['content-type']),
    filename: request.query.filename,
  };
};

/** A file, or the part of it that is asked for, or word that the client has it already. */
const fileReply = async (library: Library, file: Media, headers: Headers): Promise<Reply> => {
  const answer = fileHeaders(file, { headers, isOpen: file.isOpen });
  const isEmpty = answer.part === undefined || file.size === 0;
  return new Reply(answer.status, answer.headers, isEmpty ? '' : await library.read(file, answer.part));
};

export const mediaRoutes = ({ uploads, library, thumbnails }: MediaRoutesDeps): readonly Route[] => [
  route(uploadContent, async (request) => ({
    content_uri: printMxc(await uploads.upload(request.caller.userId, sentBy(request))),
  })),

  route(createContent, async ({ caller }) => {
    const { expiresAt, ...mxc } = await uploads.announce(caller.userId);
    return { content_uri: printMxc(mxc), unused_expires_at: expiresAt };
  }),

  route(uploadContentToMXC, async (request) => {
    await uploads.uploadTo(request.caller.userId, request.params, sentBy(request));
    return {};
  }),

  ...[getConfigAuthed, getConfig].map((endpoint) =>
    route(endpoint, () => Promise.resolve({ 'm.upload.size': uploads.maxBytes })),
  ),

  route(getContentAuthed, async (request) =>
    fileReply(library, await library.find(request.params, wantedBy(request)), request.headers),
  ),

  route(getContentOverrideNameAuthed, async (request) => {
    const { fileName, ...mxc } = request.params;
    const media = await library.find(mxc, wantedBy(request));
    return fileReply(library, { ...media, filename: fileName }, request.headers);
  }),

  route(getContentThumbnailAuthed, async (request) => {
    const media = await library.find(request.params, wantedBy(request));
    return fileReply(library, await thumbnails.of(media, request.query), request.headers);
  }),
];

/** The operations of old, which ask for no token. Whoever brings one sees what the newer operations would show them. */
export const openMediaRoutes = ({
  library,
  thumbnails,
}: Pick<MediaRoutesDeps, 'library' | 'thumbnails'>): readonly Route[] => [
  route(getContent, async (request) => {
    const media = await library.find(request.params, openlyWantedBy(request));
    return fileReply(library, media, request.headers);
  }),

  route(getContentOverrideName, async (request) => {
    const { fileName, ...mxc } = request.params;
    const media = await library.find(mxc, openlyWantedBy(request));
    return fileReply(library, { ...media, filename: fileName }, request.headers);
  }),

  route(getContentThumbnail, async (request) => {
    const media = await library.find(request.params, openlyWantedBy(request));
    return fileReply(library, await thumbnails.of(media, request.query), request.headers);
  }),
];

/** What is asked for, but for who asks. */
const wantedBy = ({ query, signal }: { query: { timeout_ms?: number }; signal: AbortSignal }): Wanted => ({
  timeoutMs: query.timeout_ms,
  signal,
});

const openlyWantedBy = (request: {
  readonly caller: Caller | undefined;
  readonly query: { timeout_ms?: number; allow_remote?: boolean };
  readonly signal: AbortSignal;
}): Wanted => ({
  ...wantedBy(request),
  openly: request.caller === undefined,
  isLocalOnly: request.query.allow_remote === false,
});

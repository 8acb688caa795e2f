import { type ByteRange, byteRange } from './byte-range.ts';
import { mayBeInline } from './content-type.ts';
import { printDisposition } from './disposition.ts';

/** A file as it is told about. */
export interface ShownFile {
  /** SHA-256 of the content. */
  readonly hash: Buffer;
  readonly size: number;
  readonly contentType: string;
  readonly filename: string | undefined;
}

interface Asked {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Whoever has the address may see it, with no token: caches in between may keep it. */
  readonly isOpen?: boolean;
}

export interface Answered {
  readonly status: 200 | 206 | 304 | 416;
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes to send; `undefined` for none. */
  readonly part: ByteRange | undefined;
}

// https://spec.matrix.org/latest/client-server-api/#content-repository
const POLICY =
  "sandbox; default-src 'none'; script-src 'none'; plugin-types application/pdf; style-src 'unsafe-inline'; object-src 'self';";
// What an address leads to never changes, but it may be taken away.
const CACHE = 'max-age=86400, immutable';

/** How a file is sent: nothing that anybody uploads may act as a page of this server. */
export const fileHeaders = (file: ShownFile, { headers: asked, isOpen = false }: Asked): Answered => {
  const { contentType, filename, size } = file;
  const etag = `"${file.hash.toString('base64url')}"`;
  const lasting = { etag, 'cache-control': `${isOpen ? 'public' : 'private'}, ${CACHE}` };
  const guarded = {
    'content-security-policy': POLICY,
    'cross-origin-resource-policy': 'cross-origin',
    'x-content-type-options': 'nosniff',
    'x-robots-tag': 'noindex, nofollow, noarchive, noimageindex',
  };
  if (namesTag(asked['if-none-match'], etag)) return { status: 304, headers: lasting, part: undefined };
  const range = isWholeWanted(asked, etag) ? undefined : byteRange(one(asked['range']), size);
  if (range === 'unsatisfiable') {
    return {
      status: 416,
      headers: { 'content-range': `bytes */${size}`, 'content-type': contentType },
      part: undefined,
    };
  }
  const part = range ?? { start: 0, end: size - 1 };
  const described = {
    'content-type': contentType,
    'content-disposition': printDisposition(mayBeInline(contentType) ? 'inline' : 'attachment', filename),
    'content-length': String(part.end - part.start + 1),
    'accept-ranges': 'bytes',
    ...(range && { 'content-range': `bytes ${range.start}-${range.end}/${size}` }),
  };
  return { status: range ? 206 : 200, headers: { ...described, ...guarded, ...lasting }, part };
};

const one = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header[0] : header);

const namesTag = (header: string | string[] | undefined, etag: string): boolean => {
  const tags = (one(header) ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
};

/** A part of something else than what the client has already is of no use to it. */
const isWholeWanted = (asked: Asked['headers'], etag: string): boolean => {
  const condition = one(asked['if-range']);
  return condition !== undefined && condition !== etag;
};

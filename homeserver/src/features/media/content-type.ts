/** What is said of bytes of which nothing is known. */
export const UNKNOWN_TYPE = 'application/octet-stream';

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const TYPE = new RegExp(
  `^${TOKEN}/${TOKEN}(?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|"[^"\\\\\\r\\n\\x00-\\x1f\\x7f]*"))*$`,
);
const MAX_LENGTH = 255;

/** A header that somebody sent as one that may be sent on. What is no type of content is of unknown type. */
export const toContentType = (raw: string | undefined): string => {
  const type = raw?.trim() ?? '';
  const isAscii = Buffer.byteLength(type) === type.length;
  return type.length <= MAX_LENGTH && isAscii && TYPE.test(type) ? type : UNKNOWN_TYPE;
};

/** `text/plain` of `Text/plain; charset=utf-8`. */
export const essenceOf = (type: string): string => (type.split(';')[0] ?? '').trim().toLowerCase();

/** https://spec.matrix.org/latest/client-server-api/#serving-inline-content */
const INLINE: ReadonlySet<string> = new Set([
  'text/css', 'text/plain', 'text/csv', 'application/json', 'application/ld+json',
  'image/jpeg', 'image/gif', 'image/png', 'image/apng', 'image/webp', 'image/avif',
  'video/mp4', 'video/webm', 'video/ogg', 'video/quicktime',
  'audio/mp4', 'audio/webm', 'audio/aac', 'audio/mpeg', 'audio/ogg', 'audio/wave', 'audio/wav', 'audio/x-wav',
  'audio/x-pn-wav', 'audio/flac', 'audio/x-flac',
]); // prettier-ignore

/** Whether a browser may show it, where anything else is only saved: none of these runs scripts. */
export const mayBeInline = (type: string): boolean => INLINE.has(essenceOf(type));

/** Why there is none, where there is none. */
export type PreviewUrl = { readonly url: URL } | { readonly refused: 'no address' | 'not shown' };

const MAX_LENGTH = 2_000;

/**
 * The address of a page that may be shown. Passwords in it are for somebody else, and what follows `#` never reaches a server.
 * `denied`: hosts, with `*` for any text.
 */
export const previewUrl = (raw: string, denied: readonly string[]): PreviewUrl => {
  const url = raw.length > MAX_LENGTH ? null : URL.parse(raw);
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.hostname === '') return { refused: 'no address' };
  if (url.username !== '' || url.password !== '' || denied.some((glob) => matches(glob, url.hostname))) {
    return { refused: 'not shown' };
  }
  url.hash = '';
  return { url };
};

const matches = (glob: string, host: string): boolean => {
  const parts = glob.split(/\*+/).map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'i').test(host);
};

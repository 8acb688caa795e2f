import { ProblemError } from './problem.ts';

/** Asks for JSON; `undefined` when the answer is "there is none here", a thrown error when there was no answer. */
export type FetchJson = (url: string) => Promise<{ status: number; body: unknown }>;

/** Hosts that nobody has a certificate for. */
const LOCAL = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|[^.:]+\.localhost)(:\d+)?$/i;

/** Where to look for a server that somebody typed as a host, a server name or a URL. `undefined` if it is neither. */
export const originOf = (typed: string): string | undefined => {
  const text = typed.trim().replace(/\/+$/, '');
  const withScheme = /^https?:\/\//i.test(text) ? text : `${LOCAL.test(text) ? 'http' : 'https'}://${text}`;
  if (!URL.canParse(withScheme)) return undefined;
  const url = new URL(withScheme);
  return url.username === '' && url.password === '' ? url.origin + url.pathname.replace(/\/$/, '') : undefined;
};

/**
 * Well-known discovery: https://spec.matrix.org/latest/client-server-api/#well-known-uris. An address without the
 * file is tried as the homeserver itself; a file that is there but wrong is an error, never ignored.
 */
export const discover = async (fetchJson: FetchJson, typed: string): Promise<string> => {
  const origin = originOf(typed);
  if (origin === undefined) throw notAHomeserver();
  const wellKnown = await ask(fetchJson, `${origin}/.well-known/matrix/client`);
  const base = wellKnown?.status === 200 ? baseUrlIn(wellKnown.body) : origin;
  const versions = await ask(fetchJson, `${base}/_matrix/client/versions`);
  if (versions?.status !== 200 || !Array.isArray(member(versions.body, 'versions'))) throw notAHomeserver();
  return base;
};

const ask = async (fetchJson: FetchJson, url: string) => {
  try {
    return await fetchJson(url);
  } catch {
    // No answer, or one that this page may not read: for discovery both mean that nothing is there.
    return undefined;
  }
};

const baseUrlIn = (body: unknown): string => {
  const url = member(member(body, 'm.homeserver'), 'base_url');
  if (typeof url !== 'string' || !URL.canParse(url) || !/^https?:/i.test(url))
    throw new ProblemError({ code: 'bad-well-known' });
  return url.replace(/\/+$/, '');
};

const member = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;

const notAHomeserver = () => new ProblemError({ code: 'not-a-homeserver' });

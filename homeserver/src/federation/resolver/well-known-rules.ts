import { ServerName } from '@holm/spec/ids';
import { isObject } from '@holm/spec/json';

/** https://spec.matrix.org/latest/server-server-api/#resolving-server-names, step 3 */
const HOUR_MS = 3_600_000;
export const DEFAULT_LIFETIME_MS = 24 * HOUR_MS;
export const MAX_LIFETIME_MS = 48 * HOUR_MS;
/** Shorter promises would make us ask for every request. */
export const MIN_LIFETIME_MS = 5 * 60_000;
const FIRST_ERROR_LIFETIME_MS = 60_000;
const MAX_ERROR_LIFETIME_MS = HOUR_MS;

export interface CacheHeaders {
  readonly cacheControl?: string | undefined;
  readonly expires?: string | undefined;
  readonly age?: string | undefined;
}

/** How long a good answer may be kept. */
export const lifetimeOf = (headers: CacheHeaders, nowMs: number): number =>
  Math.min(MAX_LIFETIME_MS, Math.max(MIN_LIFETIME_MS, promisedLifetime(headers, nowMs)));

const promisedLifetime = ({ cacheControl, expires, age }: CacheHeaders, nowMs: number): number => {
  const directives = (cacheControl ?? '')
    .toLowerCase()
    .split(',')
    .map((directive) => directive.trim());
  if (directives.includes('no-store') || directives.includes('no-cache')) return 0;
  const maxAge = directives.map((directive) => /^max-age="?(\d{1,10})"?$/.exec(directive)?.[1]).find(Boolean);
  if (maxAge !== undefined) return (Number(maxAge) - (Number(age) || 0)) * 1000;
  if (expires === undefined) return DEFAULT_LIFETIME_MS;
  const until = Date.parse(expires);
  return Number.isNaN(until) ? 0 : until - nowMs;
};

/** For how long an answer is better than none, once it is too old, while there are only errors that will pass. */
export const GRACE_MS = 24 * HOUR_MS;

const TOO_MANY_REQUESTS = 429;

/** Whether an answer says that the file is gone, or only that the web server is in trouble. */
export const isPassing = (status: number): boolean => status >= 500 || status === TOO_MANY_REQUESTS;

/** How long a failure is remembered: longer with every one. */
export const errorLifetime = (failures: number): number =>
  Math.min(MAX_ERROR_LIFETIME_MS, FIRST_ERROR_LIFETIME_MS * 2 ** Math.min(failures - 1, 10));

/** The name that the file delegates to; absent when the file says nothing usable. */
export const parseWellKnown = (text: string): ServerName | undefined => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const delegated = isObject(parsed) ? parsed['m.server'] : undefined;
  return ServerName.is(delegated) ? delegated : undefined;
};

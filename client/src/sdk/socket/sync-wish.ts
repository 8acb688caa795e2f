import type { Dialect } from '@holm/spec/extensions/websocket-wire';
import type { Wish } from './line.ts';

/** A request of sync, as something that can be followed. */
export interface SyncWish {
  readonly dialect: Dialect;
  readonly pos: string | undefined;
  readonly timeoutMs: number;
  readonly query: Readonly<Record<string, string | boolean>>;
  readonly body: string;
  /** The same for requests that differ only in where they go on. */
  readonly key: string;
}

const PATHS: Readonly<Record<string, Dialect>> = {
  'GET /_matrix/client/v3/sync': 'v3',
  'GET /_matrix/client/r0/sync': 'v3',
  'POST /_matrix/client/v4/sync': 'v4',
  'POST /_matrix/client/unstable/org.matrix.simplified_msc3575/sync': 'simplified_msc3575',
};

/** Those that are of one request only. */
const MOVING = ['since', 'pos', 'timeout', '_cacheBuster'];

/** Nothing for a request of anything else. */
export const syncWishIn = ({ method, path, body }: Wish): SyncWish | undefined => {
  const url = new URL(path, 'http://a.test');
  const dialect = PATHS[`${method} ${url.pathname}`];
  if (dialect === undefined) return undefined;
  const { searchParams } = url;
  const query = Object.fromEntries(
    [...searchParams].filter(([name]) => !MOVING.includes(name)).map(([name, value]) => [name, typed(value)]),
  );
  const inBody = dialect === 'v4' ? placeIn(body) : {};
  return {
    dialect,
    pos: inBody.pos ?? (searchParams.get(dialect === 'v3' ? 'since' : 'pos') || undefined),
    timeoutMs: inBody.timeout ?? Number(searchParams.get('timeout') ?? 0),
    query,
    body,
    key: JSON.stringify([dialect, query, dialect === 'v4' ? withoutPlace(body) : body]),
  };
};

const typed = (value: string): string | boolean => (value === 'true' ? true : value === 'false' ? false : value);

interface Place {
  readonly pos?: string;
  readonly timeout?: number;
}

const placeIn = (body: string): Place => (body === '' ? {} : (JSON.parse(body) as Place));

const withoutPlace = (body: string): unknown => ({ ...placeIn(body), pos: undefined, timeout: undefined });

/** An answer without news, for a client that has asked to be answered after some time in any case. */
export const emptyAnswer = ({ dialect, pos = '' }: SyncWish): string =>
  JSON.stringify(dialect === 'v3' ? { next_batch: pos } : { pos, lists: {}, rooms: {}, extensions: {} });

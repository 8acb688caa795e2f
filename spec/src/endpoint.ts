import type { Static, TSchema } from '@sinclair/typebox';
import type { ErrCode } from './errors.ts';

export type Api = 'client-server' | 'server-server';

/**
 * Who may call: anybody; a user with an access token; either; another homeserver that signed the request.
 */
export type Auth = 'none' | 'user' | 'optional user' | 'server';

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** The bucket that a call is counted in; `config` gives each a rate or switches it off. */
export type RateLimitClass =
  'login' | 'registration' | 'message' | 'join' | 'invite' | 'directory' | 'media' | 'call' | 'other';

/** One operation of the protocol, as data. The server mounts it, clients call it, tests list it. */
export interface Endpoint<
  A extends Auth = Auth,
  Params extends TSchema = TSchema,
  Query extends TSchema = TSchema,
  Body extends TSchema = TSchema,
  Response extends TSchema = TSchema,
> {
  readonly api: Api;
  /** The operation's name in the published OpenAPI documents; with `api` the key of the coverage ledger. */
  readonly operationId: string;
  readonly method: Method;
  /** Path with `:name` parameters. */
  readonly path: `/${string}`;
  /** Older spellings that clients still use, such as `/_matrix/client/r0/...`. */
  readonly aliases?: readonly `/${string}`[];
  readonly auth: A;
  readonly rateLimit?: RateLimitClass;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly response: Response;
  /** What a body that fails its schema is reported as. Most operations say `M_BAD_JSON`. */
  readonly invalidBody?: ErrCode;
  /** Largest request body, in bytes. */
  readonly maxBodyBytes?: number;
  /** The body is bytes of any kind, and the handler takes them in as they come. */
  readonly streams?: true;
}

export type ParamsOf<E extends Endpoint> = Static<E['params']>;
export type QueryOf<E extends Endpoint> = Static<E['query']>;
export type BodyOf<E extends Endpoint> = Static<E['body']>;
export type ResponseOf<E extends Endpoint> = Static<E['response']>;

type Definition<A extends Auth, P extends TSchema, Q extends TSchema, B extends TSchema, R extends TSchema> = Omit<
  Endpoint<A, P, Q, B, R>,
  'api'
>;

/** An operation of the client-server API. Paths of `v3` are also served as `r0`, which older clients call. */
export const clientEndpoint = <
  A extends Auth,
  P extends TSchema,
  Q extends TSchema,
  B extends TSchema,
  R extends TSchema,
>(
  definition: Definition<A, P, Q, B, R>,
): Endpoint<A, P, Q, B, R> => ({
  api: 'client-server',
  ...definition,
  ...(definition.path.includes('/v3/') && {
    aliases: [definition.path.replace('/v3/', '/r0/') as `/${string}`, ...(definition.aliases ?? [])],
  }),
});

/** An operation of the server-server API. */
export const serverEndpoint = <
  A extends Auth,
  P extends TSchema,
  Q extends TSchema,
  B extends TSchema,
  R extends TSchema,
>(
  definition: Definition<A, P, Q, B, R>,
): Endpoint<A, P, Q, B, R> => ({ api: 'server-server', ...definition });

import type { BodyOf, Endpoint, ParamsOf, QueryOf, ResponseOf } from '@holm/spec/endpoint';
import type { DeviceId, ServerName, UserId } from '@holm/spec/ids';
import type { Later } from './later.ts';
import type { Reply } from './reply.ts';

/** A user who presented an access token. */
export interface Caller {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  /** Which access token it was, for what ends with it. */
  readonly tokenId: number;
}

type CallerOf<E extends Endpoint> = E['auth'] extends 'user'
  ? { readonly caller: Caller }
  : E['auth'] extends 'optional user'
    ? { readonly caller: Caller | undefined }
    : E['auth'] extends 'server'
      ? { readonly origin: ServerName }
      : unknown;

export type Request<E extends Endpoint> = CallerOf<E> & {
  readonly params: ParamsOf<E>;
  readonly query: QueryOf<E>;
  readonly body: BodyOf<E>;
  /** The request's body as it came, for what depends on how its numbers were written. */
  readonly bodyText: string;
  /** The client's address, from `X-Forwarded-For` where a trusted proxy says so. */
  readonly address: string;
  readonly userAgent: string;
  /** As they came, with names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body of an operation that `streams`; throws `M_TOO_LARGE` after so many bytes. */
  bytes(limit: number): AsyncIterable<Buffer>;
  /** Nobody hears the answer any more. */
  readonly isHungUp: boolean;
  /** Aborts when the client hangs up or the server stops. */
  readonly signal: AbortSignal;
};

export interface Route {
  readonly endpoint: Endpoint;
  readonly handle: (request: never) => Promise<unknown>;
  /** Sessions send the same body again and again: then it is the same object. */
  readonly isRepeated: boolean;
}

/** Binds a handler to an operation. The handler sees checked values and never the HTTP library. */
export const route = <const E extends Endpoint>(
  endpoint: E,
  handle: (request: Request<E>) => Promise<ResponseOf<E> | Reply | Later>,
  { isRepeated = false } = {},
): Route => ({ endpoint, handle, isRepeated });

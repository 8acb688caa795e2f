import type { IncomingMessage } from 'node:http';
import type { ParsedUrlQuery } from 'node:querystring';
import { MatrixError } from '@holm/spec/errors';
import type { ServerName } from '@holm/spec/ids';
import type { Json } from '@holm/spec/json';
import type { Soon } from '../platform/soon.ts';
import type { Caller } from './route.ts';

/** What the signature of another homeserver covers, and the header that carries it. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, exactly as they came. */
  readonly uri: string;
  /** `undefined` without a body. */
  readonly content: Json | undefined;
  readonly bodyText: string;
  readonly authorization: string | undefined;
}

/** Where a request comes from, for people to see where they are logged in. */
export interface CallOrigin {
  readonly address: string;
  readonly userAgent: string;
}

/** Who is asking; of users it is mostly known. Both throw a `MatrixError` for somebody who is not who they say. */
export interface Authenticator {
  user(token: string, origin: CallOrigin): Soon<Caller>;
  server(request: SignedRequest): Promise<ServerName>;
}

const BEARER = /^Bearer +(\S+)$/i;

/** The access token, from the header or from the query, which old clients still use. */
export const accessToken = (request: IncomingMessage, query: ParsedUrlQuery): string | undefined => {
  const { authorization } = request.headers;
  const inHeader = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  return inHeader ?? ([query['access_token']].flat()[0] || undefined);
};

export const requireToken = (token: string | undefined): string => {
  if (token === undefined) throw new MatrixError('M_MISSING_TOKEN', 'this needs an access token');
  return token;
};

import type { IncomingMessage } from 'node:http';
import { parse } from 'node:querystring';
import type { Endpoint } from '@holm/spec/endpoint';
import { MatrixError } from '@holm/spec/errors';
import { formats, nothing } from '@holm/spec/formats';
import type { Json } from '@holm/spec/json';
import type { Context } from 'koa';
import type { IpRanges } from '../platform/address.ts';
import { networkOf } from '../platform/address.ts';
import type { Soon } from '../platform/soon.ts';
import { type Authenticator, accessToken, requireToken } from './authenticate.ts';
import { dropRest, jsonIn, readBody, textIn } from './body.ts';
import { clientAddress } from './client-address.ts';
import { Exchange, type OpenRequests } from './exchange.ts';
import { Later } from './later.ts';
import { checker, compile, lenientChecker, queryReader } from './parse.ts';
import type { LimitClass, RateLimits } from './rate-limit.ts';
import { RepeatedBodies } from './repeated-bodies.ts';
import type { Reply } from './reply.ts';
import { replyOf } from './respond.ts';
import type { Caller, Route } from './route.ts';

export interface BodyLimits {
  readonly client: number;
  readonly federation: number;
}

export interface PipelineDeps {
  readonly authenticate: Authenticator;
  readonly rateLimits: RateLimits;
  readonly bodyLimits: BodyLimits;
  readonly open: OpenRequests;
  readonly trustedProxies: IpRanges;
}

type Handle = (request: unknown) => Promise<unknown>;

/** A request that claims to be of a server that it is not of makes us look for that server, so it costs more. */
const COST_OF_STRANGERS = 10;

/**
 * What happens to a request of one operation: who asks, may they ask that often, do they ask properly; then the
 * handler. In that order, so that strangers learn nothing and cost little. Only another server's request is read
 * before it is known whose it is, because its signature covers the body.
 */
export const pipeline = (
  { endpoint, handle, isRepeated }: Route,
  deps: PipelineDeps,
): ((ctx: Context) => Promise<Reply | Later>) => {
  const run = handle as Handle;
  const limit = limitClassOf(endpoint);
  const readQuery = queryReader(endpoint.query);
  const checkParams = checker(endpoint.params, 'M_INVALID_PARAM');
  const checkQuery = checker(endpoint.query, 'M_INVALID_PARAM', 'M_MISSING_PARAM');
  const isOfClients = endpoint.api === 'client-server';
  // What comes with it all the same is nobody's: nheko logs out with `null`.
  const isBodyless = endpoint.body === nothing;
  // What is kept as it comes has to come: a client that has lost it on the way would empty what was there.
  const isKept = endpoint.body === formats.object;
  const checkBody = lenientChecker(endpoint.body, endpoint.invalidBody ?? 'M_BAD_JSON');
  const maxBytes = endpoint.maxBodyBytes ?? deps.bodyLimits[isOfClients ? 'client' : 'federation'];

  const repeated = isRepeated ? new RepeatedBodies() : undefined;
  // Its clients come at once, and wait.
  if (isRepeated) compile(endpoint.body);

  const hasBody = endpoint.method !== 'GET' && endpoint.streams !== true;
  const read = (ctx: Context): Soon<Body> => (hasBody ? bodyOf(ctx, maxBytes) : NO_BODY);

  const take = (request: Exchange, body: Body): void => {
    const check = (): unknown => {
      if (isBodyless) return checkBody({});
      const said = isKept ? body.given : body.value;
      return checkBody(said === undefined ? {} : said);
    };
    const { caller } = request;
    request.bodyText = body.text;
    request.body = repeated && caller ? repeated.get(caller, body.text, check) : check();
  };

  const serve = async (ctx: Context): Promise<Reply | Later> => {
    // In fewer steps than `URLSearchParams`, which every request would pay for.
    const query = parse(ctx.querystring, '&', '=', { maxKeys: 0 });
    const request = new Exchange(ctx, clientAddress(ctx.req, deps.trustedProxies), deps.open);
    const network = networkOf(request.address);
    const identify = () =>
      userOf(endpoint.auth, accessToken(ctx.req, query), (token) => deps.authenticate.user(token, request));
    let body: Soon<Body> | undefined;
    if (endpoint.auth === 'server') {
      deps.rateLimits.assertLeft(limit, network);
      requireSignature(ctx.req);
      body = await read(ctx);
      request.origin = await deps.authenticate.server(signedRequest(ctx, body)).catch((error: unknown) => {
        deps.rateLimits.take(limit, network, COST_OF_STRANGERS);
        throw error;
      });
    } else if (endpoint.auth !== 'none') {
      const caller = identify();
      request.caller = caller instanceof Promise ? await caller : caller;
    }
    deps.rateLimits.take(limit, request.origin ?? request.caller?.userId ?? network);
    request.params = checkParams(ctx['params']);
    request.query = checkQuery(readQuery(query));
    body ??= read(ctx);
    take(request, body instanceof Promise ? await afterwards(body, request, identify) : body);
    const result = await run(request);
    return result instanceof Later ? result : replyOf(ctx, result);
  };
  return endpoint.streams === true ? (ctx) => afterTheBody(ctx, serve(ctx)) : serve;
};

/** A refusal is said when the client has said all, or as much of it as is worth waiting for. */
const afterTheBody = async (ctx: Context, served: Promise<Reply | Later>): Promise<Reply | Later> => {
  try {
    return await served;
  } catch (error) {
    if (!ctx.req.destroyed && !(await dropRest(ctx.req))) ctx.set('Connection', 'close');
    throw error;
  }
};

/** Whoever takes their time to say what they want may have been logged out meanwhile. */
const afterwards = async (
  body: Promise<Body>,
  request: Exchange,
  identify: () => Soon<Caller> | undefined,
): Promise<Body> => {
  const whole = await body;
  const caller = request.caller && identify();
  if (caller instanceof Promise) await caller;
  return whole;
};

const userOf = (
  auth: Endpoint['auth'],
  token: string | undefined,
  authenticate: (token: string) => Soon<Caller>,
): Soon<Caller> | undefined =>
  auth === 'optional user' && token === undefined ? undefined : authenticate(requireToken(token));

/** Looked at before the body is read, which strangers can make as large as they like. */
const requireSignature = ({ headers }: IncomingMessage): void => {
  if (headers.authorization === undefined) throw new MatrixError('M_UNAUTHORIZED', 'no X-Matrix authorization');
};

class Body {
  readonly text: string;
  #value: Json | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** Clients leave the body out where nothing in it is required. */
  get value(): Json | undefined {
    if (this.text === '') return undefined;
    return (this.#value ??= jsonIn(this.text));
  }

  /** M_NOT_JSON where there is none. */
  get given(): Json {
    const { value } = this;
    return value === undefined ? jsonIn('') : value;
  }
}

const NO_BODY = new Body('');

const bodyOf = async ({ req }: Context, maxBytes: number): Promise<Body> =>
  new Body(textIn(await readBody(req, maxBytes)));

const signedRequest = ({ req }: Context, body: Body) => ({
  method: req.method ?? '',
  uri: req.url ?? '',
  content: body.value,
  bodyText: body.text,
  authorization: req.headers.authorization,
});

const limitClassOf = ({ api, rateLimit }: Endpoint): LimitClass =>
  rateLimit ?? (api === 'client-server' ? 'other' : 'federation');

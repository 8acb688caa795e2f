import { type LookupFunction, isIP } from 'node:net';
import { lookup } from 'node:dns';
import { rootCertificates } from 'node:tls';
import { Agent, type Dispatcher, buildConnector, request } from 'undici';
import type { IpRanges } from './address.ts';

/** How one class of outgoing requests may behave. */
export interface OutgoingSettings {
  /** Addresses never contacted, looked at after names are resolved; `undefined` allows any. */
  readonly denied: IpRanges | undefined;
  readonly verifyCertificates: boolean;
  /** PEM of authorities believed besides the usual ones. */
  readonly extraAuthorities?: string | undefined;
  readonly timeoutMs: number;
}

export type FetchFailure =
  'address not allowed' | 'scheme not allowed' | 'timed out' | 'too large' | 'too many redirects' | 'unreachable';

/** Why there is no answer. `message` may be shown to administrators, never to users: it can name internal addresses. */
export class FetchError extends Error {
  override readonly name = 'FetchError';
  readonly failure: FetchFailure;

  constructor(failure: FetchFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

const CONNECT_MS = 10_000;

/**
 * Resolves names as usual, but refuses names that lead to a denied address. The address that is checked is the one
 * that is connected to, so a name that changes its mind between two look-ups gains nothing.
 */
export const guardedLookup =
  (denied: IpRanges): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const allowed = error ? [] : addresses.filter(({ address }) => !denied.leadsTo(address));
      const [first] = allowed;
      if (!first) callback(error ?? notAllowed(hostname), '');
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };

const notAllowed = (host: string): FetchError =>
  new FetchError('address not allowed', `${host} is at an address that is never contacted`);

/** Opens connections by the rules of one class. Close it when the server stops. */
export const createAgent = ({ denied, verifyCertificates, extraAuthorities }: OutgoingSettings): Agent => {
  const connector = buildConnector({
    timeout: CONNECT_MS,
    rejectUnauthorized: verifyCertificates,
    ...(extraAuthorities !== undefined && { ca: [...rootCertificates, extraAuthorities] }),
    ...(denied && { lookup: guardedLookup(denied) }),
  });
  const connect: buildConnector.connector = (options, callback) => {
    // Addresses are not looked up, so they never come by the guard.
    const host = options.hostname.replace(/^\[|\]$/g, '');
    if (denied && isIP(host) !== 0 && denied.leadsTo(host)) callback(notAllowed(host), null);
    else connector(options, callback);
  };
  return new Agent({ connect, maxResponseSize: -1, bodyTimeout: 0, headersTimeout: 0 });
};

export interface FetchRequest {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly signal?: AbortSignal;
  /** Redirects followed at most; each hop is checked like the first. Only for GET. */
  readonly maxRedirects?: number;
  /** Body bytes read at most. */
  readonly maxBytes?: number;
}

export interface FetchResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** Where the answer came from in the end. */
  readonly url: string;
}

/** Sends one request. Throws `FetchError`, and nothing else. */
export type Fetch = (url: string, options?: FetchRequest) => Promise<FetchResponse>;

const MAX_BYTES = 1_000_000;

export const createFetch = (settings: OutgoingSettings): Fetch & AsyncDisposable => {
  const agent = createAgent(settings);
  const run: Fetch = async (url, options = {}) => {
    const timeout = AbortSignal.timeout(settings.timeoutMs);
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
    try {
      return await follow(new URL(url), { ...options, signal }, agent);
    } catch (error) {
      throw failureOf(error, timeout.aborted, url);
    }
  };
  return Object.assign(run, { [Symbol.asyncDispose]: () => agent.destroy() });
};

const follow = async (start: URL, options: FetchRequest, agent: Agent): Promise<FetchResponse> => {
  const { maxRedirects = 0, maxBytes = MAX_BYTES, method = 'GET' } = options;
  const hopsAllowed = method === 'GET' ? maxRedirects : 0;
  let url = start;
  for (let hops = 0; ; hops++) {
    const response = await send(url, options, agent);
    const next = redirectOf(response, url);
    if (!next || hopsAllowed === 0) {
      const { statusCode: status, headers } = response;
      return { status, headers, body: await readAll(response.body, maxBytes), url: url.href };
    }
    await response.body.dump();
    if (hops === hopsAllowed) throw new FetchError('too many redirects', `${start.href} redirects again and again`);
    url = next;
  }
};

const send = (url: URL, options: FetchRequest, dispatcher: Agent): Promise<Dispatcher.ResponseData> => {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new FetchError('scheme not allowed', `${url.protocol} is not fetched`);
  }
  const { method = 'GET', headers = {}, body = null, signal = null } = options;
  return request(url, { method, headers, body, signal, dispatcher });
};

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

const redirectOf = ({ statusCode, headers }: Dispatcher.ResponseData, base: URL): URL | undefined => {
  const { location } = headers;
  if (!REDIRECTS.has(statusCode) || typeof location !== 'string') return undefined;
  return URL.parse(location, base.href) ?? undefined;
};

const readAll = async (body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop ends the connection, so nothing more of a large answer is taken in.
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new FetchError('too large', `the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const failureOf = (error: unknown, isTimeout: boolean, url: string): FetchError => {
  if (error instanceof FetchError) return error;
  if (isTimeout) return new FetchError('timed out', `${url} took too long`, { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return new FetchError('unreachable', `${url}: ${message}`, { cause: error });
};

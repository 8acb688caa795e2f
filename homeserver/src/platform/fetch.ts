import { type LookupFunction, isIP } from 'node:net';
import { promises as dns } from 'node:dns';
import { rootCertificates } from 'node:tls';
import type { buildConnector, Dispatcher } from 'undici';
import type { IpRanges } from './address.ts';
import { Lazy } from './lazy.ts';

/** How one class of outgoing requests may behave. */
export interface OutgoingSettings {
  /** Addresses never contacted, looked at after names are resolved; `undefined` allows any. */
  readonly denied: IpRanges | undefined;
  readonly verifyCertificates: boolean;
  /** PEM of authorities believed besides the usual ones. */
  readonly extraAuthorities?: string | undefined;
  readonly timeoutMs: number;
  /** Finds the addresses of a name; without it the system does. */
  readonly addresses?: ((host: string) => Promise<readonly FoundAddress[]>) | undefined;
}

interface FoundAddress {
  readonly address: string;
  readonly family: number;
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
const guardedLookup =
  ({ denied, addresses = systemAddresses }: Pick<OutgoingSettings, 'denied' | 'addresses'>): LookupFunction =>
  (hostname, options, callback) => {
    addresses(hostname).then(
      (found) => {
        const allowed = found.filter(({ address }) => denied?.leadsTo(address) !== true);
        const [first] = allowed;
        if (!first) callback(found.length === 0 ? noAddress(hostname) : notAllowed(hostname), '');
        else if (options.all === true) callback(null, allowed);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error as Error, ''),
    );
  };

const systemAddresses = (host: string): Promise<readonly FoundAddress[]> => dns.lookup(host, { all: true });

const noAddress = (host: string): FetchError => new FetchError('unreachable', `${host} has no address`);

const notAllowed = (host: string): FetchError =>
  new FetchError('address not allowed', `${host} is at an address that is never contacted`);

/** What opens connections by the rules of one class, and what sends requests over them. */
const openClient = async ({ denied, verifyCertificates, extraAuthorities, ...more }: OutgoingSettings) => {
  const { Agent, buildConnector, request } = await import('undici');
  const connector = buildConnector({
    timeout: CONNECT_MS,
    rejectUnauthorized: verifyCertificates,
    ...(extraAuthorities !== undefined && { ca: [...rootCertificates, extraAuthorities] }),
    lookup: guardedLookup({ ...more, denied }),
  });
  const connect: buildConnector.connector = (options, callback) => {
    // Addresses are not looked up, so they never come by the guard.
    const host = options.hostname.replace(/^\[|\]$/g, '');
    if (denied && isIP(host) !== 0 && denied.leadsTo(host)) callback(notAllowed(host), null);
    else connector(options, callback);
  };
  return { agent: new Agent({ connect, maxResponseSize: -1, bodyTimeout: 0, headersTimeout: 0 }), request };
};

type Client = Awaited<ReturnType<typeof openClient>>;

export interface FetchRequest {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly signal?: AbortSignal;
  /** Redirects followed at most; each hop is checked like the first. Only for GET. */
  readonly maxRedirects?: number;
  /** Body bytes read at most. */
  readonly maxBytes?: number;
  /** Nothing is fetched in the clear, wherever a redirect leads. */
  readonly httpsOnly?: boolean;
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

/** An answer that is read as it comes; reading it throws `FetchError`, too. */
export interface OpenResponse extends Omit<FetchResponse, 'body'> {
  readonly body: AsyncIterable<Buffer>;
}

/** As `Fetch`, for what is too large to be held: it is there for as long as `use` takes. */
export type FetchOpen = <T>(
  url: string,
  options: FetchRequest,
  use: (response: OpenResponse) => Promise<T>,
) => Promise<T>;

const MAX_BYTES = 1_000_000;

export const createFetch = (settings: OutgoingSettings): Fetch & { open: FetchOpen } & AsyncDisposable => {
  const client = new Lazy(() => openClient(settings));
  const open: FetchOpen = async (url, options, use) => {
    const timeout = AbortSignal.timeout(settings.timeoutMs);
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
    const told = (error: unknown) => failureOf(error, timeout.aborted, url);
    const { response, url: last } = await follow(url, { ...options, signal }, await client.get()).catch(
      (error: unknown) => {
        throw told(error);
      },
    );
    const body = limited(response.body, options.maxBytes ?? MAX_BYTES, told);
    try {
      return await use({ status: response.statusCode, headers: response.headers, body, url: last });
    } finally {
      // What is left unread is cut off, of which undici makes an error that is nobody's.
      response.body.on('error', () => undefined).destroy();
    }
  };
  const run: Fetch = (url, options = {}) =>
    open(url, options, async (response) => ({
      ...response,
      body: Buffer.concat(await Array.fromAsync(response.body)),
    }));
  return Object.assign(run, { open, [Symbol.asyncDispose]: async () => (await client.ifMade)?.agent.destroy() });
};

const follow = async (start: string, options: FetchRequest, client: Client) => {
  const { maxRedirects = 0, method = 'GET' } = options;
  const hopsAllowed = method === 'GET' ? maxRedirects : 0;
  let url = new URL(start);
  for (let hops = 0; ; hops++) {
    const response = await send(url, options, client);
    const next = redirectOf(response, url);
    if (!next || hopsAllowed === 0) return { response, url: url.href };
    await response.body.dump();
    if (hops === hopsAllowed) throw new FetchError('too many redirects', `${start} redirects again and again`);
    url = next;
  }
};

const send = (
  url: URL,
  options: FetchRequest,
  { request, agent: dispatcher }: Client,
): Promise<Dispatcher.ResponseData> => {
  const schemes = options.httpsOnly === true ? ['https:'] : ['https:', 'http:'];
  if (!schemes.includes(url.protocol)) throw new FetchError('scheme not allowed', `${url.protocol} is not fetched`);
  const { method = 'GET', headers = {}, body = null, signal = null } = options;
  return request(url, { method, headers, body, signal, dispatcher });
};

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

const redirectOf = ({ statusCode, headers }: Dispatcher.ResponseData, base: URL): URL | undefined => {
  const { location } = headers;
  if (!REDIRECTS.has(statusCode) || typeof location !== 'string') return undefined;
  return URL.parse(location, base.href) ?? undefined;
};

/** Leaving the loop ends the connection, so nothing more of a large answer is taken in. */
async function* limited(
  body: AsyncIterable<Buffer>,
  maxBytes: number,
  told: (error: unknown) => FetchError,
): AsyncGenerator<Buffer> {
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > maxBytes) throw new FetchError('too large', `the answer is larger than ${maxBytes} bytes`);
      yield chunk;
    }
  } catch (error) {
    throw told(error);
  }
}

const failureOf = (error: unknown, isTimeout: boolean, url: string): FetchError => {
  if (error instanceof FetchError) return error;
  if (isTimeout) return new FetchError('timed out', `${url} took too long`, { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return new FetchError('unreachable', `${url}: ${message}`, { cause: error });
};

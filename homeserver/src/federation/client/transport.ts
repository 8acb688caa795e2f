import type { ServerName } from '@holm/spec/ids';
import type { Dispatcher } from 'undici';
import { Spool } from '../../platform/spool.ts';
import type { OutgoingConnections } from '../resolver/outgoing-connections.ts';
import type { Resolver } from '../resolver/resolver.ts';
import type { Target } from '../resolver/target.ts';

export interface RawRequest {
  readonly method: Dispatcher.HttpMethod;
  readonly uri: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly maxBytes: number;
  /** For how long the other may pause in the middle of its answer. */
  readonly stallMs?: number | undefined;
  readonly signal: AbortSignal;
}

/** To be disposed of. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Spool;
}

export interface TransportDeps {
  readonly resolver: Pick<Resolver, 'resolve'>;
  readonly connections: Pick<OutgoingConnections, 'to'>;
  /** Where large answers are kept while they are read. */
  readonly folder: string;
}

/** Carries requests to where a server is. Knows nothing of signatures and errors of the protocol. */
export class Transport {
  readonly #deps: TransportDeps;

  constructor(deps: TransportDeps) {
    this.#deps = deps;
  }

  /** Tries the server's targets in turn until one takes the request. */
  async send(server: ServerName, request: RawRequest): Promise<RawAnswer> {
    const targets = await unlessAborted(this.#deps.resolver.resolve(server), request.signal);
    let failure: unknown;
    for (const target of targets) {
      try {
        return await this.#sendTo(target, request);
      } catch (error) {
        if (!nothingArrived(error)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  async #sendTo(target: Target, request: RawRequest): Promise<RawAnswer> {
    try {
      return await this.#once(target, request);
    } catch (error) {
      // A kept-alive connection may close just as it is used again. Everything between servers may be repeated.
      if (!isClosedConnection(error) || request.signal.aborted) throw error;
      return this.#once(target, request);
    }
  }

  async #once(target: Target, { uri, headers, maxBytes, body, stallMs, ...request }: RawRequest): Promise<RawAnswer> {
    const connection = await this.#deps.connections.to(target);
    const answer = await connection.request({
      ...request,
      path: uri,
      headers: { ...headers, host: target.hostHeader },
      body: body ?? null,
      ...(stallMs !== undefined && { bodyTimeout: stallMs }),
    });
    const { statusCode: status, headers: said } = answer;
    return { status, headers: said, body: await Spool.of(answer.body, { folder: this.#deps.folder, maxBytes }) };
  }
}

/** To find out where a server is may take longer than anybody waits for it. Whoever asks next may find that it is known. */
const unlessAborted = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
};

const CONNECT_FAILURES = new Set([
  'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]); // prettier-ignore

const codeOf = (error: unknown): string => (error as { code?: string } | undefined)?.code ?? '';

/** The connection was never made, so the next target may be tried without the request arriving twice. */
const nothingArrived = (error: unknown): boolean =>
  CONNECT_FAILURES.has(codeOf(error)) ||
  (error instanceof AggregateError && error.errors.every((one) => CONNECT_FAILURES.has(codeOf(one)))) ||
  (error as Error | undefined)?.name === 'UnreachableAddressError' ||
  /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME|ERR_SSL|EPROTO/.test(codeOf(error));

const CLOSED = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

const isClosedConnection = (error: unknown): boolean => CLOSED.has(codeOf(error));

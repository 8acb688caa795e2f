import type { BodyOf, Endpoint, ParamsOf, QueryOf, ResponseOf } from '@holm/spec/endpoint';
import type { ServerName } from '@holm/spec/ids';
import type { Json } from '@holm/spec/json';
import type { SigningKey } from '../../core/crypto/keys.ts';
import { signText } from '../../core/crypto/signing.ts';
import { canonicalJson } from '../../core/json/canonical.ts';
import { parseJson } from '../../core/json/parse.ts';
import { withoutNulls } from '../../http/nulls.ts';
import { compile } from '../../http/parse.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Spool } from '../../platform/spool.ts';
import { stopwatch } from '../../platform/stopwatch.ts';
import { type FederationSettings, serverFilter } from '../settings.ts';
import type { Destinations } from './destinations.ts';
import { FederationError, type FederationFailure } from './federation-error.ts';
import { clientTelemetry } from './telemetry.ts';
import { retryAfterMs } from './retry-after.ts';
import type { RawAnswer, Transport } from './transport.ts';
import { LargeAnswer } from './large-answer.ts';
import { LARGE_BYTES, parseLargeJson } from './large-json.ts';
import { uriOf } from './uri.ts';
import { printXMatrix, requestText } from './x-matrix.ts';

export interface FederationClientDeps {
  readonly serverName: ServerName;
  /** What requests are signed with. */
  readonly signingKey: SigningKey;
  readonly settings: Pick<FederationSettings, 'enabled' | 'allow' | 'deny' | 'requestTimeoutMs'>;
  readonly transport: Pick<Transport, 'send'>;
  readonly destinations: Pick<Destinations, 'waitMs' | 'failed' | 'succeeded'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** A body that is canonical JSON already, so that it is neither serialised nor checked again. */
export class CanonicalBody {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Members that may be left out when everything in them may. */
type Part<K extends string, T> = object extends T ? { readonly [P in K]?: T } : { readonly [P in K]: T };

export type Call<E extends Endpoint> = Part<'params', ParamsOf<E>> &
  Part<'query', QueryOf<E>> &
  Part<'body', BodyOf<E> | CanonicalBody> & {
    readonly timeoutMs?: number;
    /** The largest answer to accept. */
    readonly maxBytes?: number;
    /** Try even if the server failed a moment ago, because a person waits for the answer. */
    readonly ignoreBackOff?: boolean;
    /** Count every error that is answered as a failure to reach the server, because the same will be tried again. */
    readonly backOffOnRefusal?: boolean;
    /** Whether it is reached says nothing to anybody: strangers can make us ask servers by names that they make up. */
    readonly unrecorded?: boolean;
    /** For how long the server may pause in the middle of its answer. */
    readonly stallMs?: number;
    readonly signal?: AbortSignal;
  };

const DEFAULT_MAX_BYTES = 32 * 1024 * 1024;
/** Of what is never held in memory: the state of a room of a million. */
const MAX_LARGE_BYTES = 1024 * 1024 * 1024;
/** Proxies say these of servers that are down. Other errors say that somebody is there. */
const GATEWAY_FAILURES = new Set([502, 503, 504, 521, 522, 523, 524]);

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

interface LooseCall {
  readonly params?: Parameters<typeof uriOf>[1];
  readonly query?: Parameters<typeof uriOf>[2];
  readonly body?: Json | CanonicalBody;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  readonly ignoreBackOff?: boolean;
  readonly backOffOnRefusal?: boolean;
  readonly unrecorded?: boolean;
  readonly stallMs?: number;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

/** Calls the operations of other servers. Whatever goes wrong between the two is a `FederationError`. */
export class FederationClient {
  readonly #deps: FederationClientDeps;
  readonly #telemetry: ReturnType<typeof clientTelemetry>;
  readonly #isAllowed: (server: ServerName) => boolean;

  constructor(deps: FederationClientDeps) {
    this.#deps = deps;
    this.#telemetry = clientTelemetry(deps.metrics);
    this.#isAllowed = serverFilter(deps.settings);
  }

  /** Numbers in the answer keep how they were written (`core/json`), so PDUs in it can be hashed and judged. */
  call<E extends Endpoint>(destination: ServerName, endpoint: E, call: Call<E>): Promise<ResponseOf<E>> {
    return this.#counted(destination, endpoint, async () => {
      const { status, body } = await this.#ask(destination, endpoint, call as LooseCall);
      await using _ = body;
      return await this.#reading(destination, endpoint, status).all(body); // checked against the endpoint's schema
    });
  }

  /** As `call`, for answers with lists that may be too large to be held. To be disposed of. */
  callLarge<E extends Endpoint>(
    destination: ServerName,
    endpoint: E,
    call: Call<E>,
  ): Promise<LargeAnswer<ResponseOf<E>>> {
    return this.#counted(destination, endpoint, async () => {
      const { status, body } = await this.#ask(destination, endpoint, {
        maxBytes: MAX_LARGE_BYTES,
        ...(call as LooseCall),
      });
      const reading = this.#reading(destination, endpoint, status);
      if (isSuccess(status)) return new LargeAnswer(body, reading);
      await using _ = body;
      return await reading.all(body);
    });
  }

  /** As `call`, for answers that are no JSON: they are handed over as they come, redirects too. To be disposed of. */
  callForBytes<E extends Endpoint>(destination: ServerName, endpoint: E, call: Call<E>): Promise<RawAnswer> {
    return this.#counted(destination, endpoint, async () => {
      const answer = await this.#ask(destination, endpoint, { ...(call as LooseCall), accept: '*/*' });
      if (answer.status < 400) return answer;
      await using body = answer.body;
      return await this.#reading(destination, endpoint, answer.status).all(body);
    });
  }

  async #counted<T>(destination: ServerName, endpoint: Endpoint, work: () => Promise<T>): Promise<T> {
    const seconds = stopwatch();
    try {
      const value = await work();
      this.#telemetry.requests.add(1, { outcome: 'answered' });
      return value;
    } catch (error) {
      if (!(error instanceof FederationError)) throw error;
      this.#telemetry.requests.add(1, { outcome: error.failure });
      this.#deps.log.debug('request to another server failed', {
        destination, operation: endpoint.operationId, failure: error.failure, status: error.status, errcode: error.errcode,
        err: error.cause,
      }); // prettier-ignore
      throw error;
    } finally {
      this.#telemetry.seconds.observe(seconds(), {});
    }
  }

  async #ask(destination: ServerName, endpoint: Endpoint, call: LooseCall): Promise<RawAnswer> {
    const { destinations, serverName } = this.#deps;
    if (!this.#isAllowed(destination) || destination === serverName) {
      throw new FederationError('forbidden', destination);
    }
    if (call.ignoreBackOff !== true && destinations.waitMs(destination) > 0) {
      throw new FederationError('backing off', destination);
    }
    return this.#send(destination, endpoint, call);
  }

  async #send(destination: ServerName, endpoint: Endpoint, call: LooseCall): Promise<RawAnswer> {
    const { clock, settings, transport, destinations } = this.#deps;
    const over = new AbortController();
    const late = new AbortController();
    void clock.sleep(call.timeoutMs ?? settings.requestTimeoutMs, over.signal).then(() => {
      if (!over.signal.aborted) late.abort(); // each one makes an error with a stack
    });
    const content = contentOf(endpoint, call.body);
    const uri = uriOf(endpoint, call.params ?? {}, call.query ?? {});
    try {
      const answer = await transport.send(destination, {
        method: endpoint.method,
        uri,
        headers: this.#headers(
          destination,
          { method: endpoint.method, uri, content, auth: endpoint.auth },
          call.accept,
        ),
        body: content,
        maxBytes: call.maxBytes ?? DEFAULT_MAX_BYTES,
        stallMs: call.stallMs,
        signal: call.signal ? AbortSignal.any([late.signal, call.signal]) : late.signal,
      });
      this.#note(destination, call, answer);
      return answer;
    } catch (cause) {
      // That we hung up ourselves says nothing about the server.
      if (call.signal?.aborted !== true && call.unrecorded !== true) destinations.failed(destination);
      throw new FederationError('unreachable', destination, { cause });
    } finally {
      over.abort();
    }
  }

  #note(destination: ServerName, { backOffOnRefusal, unrecorded }: LooseCall, answer: RawAnswer): void {
    const { status } = answer;
    if (unrecorded === true) return;
    const isFailure = backOffOnRefusal === true ? !isSuccess(status) : GATEWAY_FAILURES.has(status);
    if (isFailure) this.#deps.destinations.failed(destination, retryAfterMs(answer, this.#deps.clock.now()));
    else this.#deps.destinations.succeeded(destination);
  }

  #headers(
    destination: ServerName,
    request: {
      readonly method: string;
      readonly uri: string;
      readonly content: string | undefined;
      readonly auth: string;
    },
    accept = 'application/json',
  ): Record<string, string> {
    const { serverName: origin, signingKey } = this.#deps;
    const headers: Record<string, string> = { accept, 'user-agent': 'Holm' };
    if (request.content !== undefined) headers['content-type'] = 'application/json';
    if (request.auth === 'server') {
      const signature = signText(requestText({ ...request, origin, destination }), signingKey);
      headers['authorization'] = printXMatrix({ origin, destination, key: signingKey.keyId, signature });
    }
    return headers;
  }

  /** How an answer with this status is read; whatever is wrong with it is a `FederationError`. */
  #reading(destination: ServerName, endpoint: Endpoint, status: number) {
    const failure = (kind: FederationFailure, body?: Json, cause?: unknown): FederationError =>
      new FederationError(kind, destination, { status, cause, ...(body !== undefined && { body }) });
    const malformed = (cause: unknown) => failure(isSuccess(status) ? 'malformed' : 'refused', undefined, cause);
    const check = (answer: Json): never => {
      if (!isSuccess(status)) throw failure(status >= 400 ? 'refused' : 'malformed', answer);
      const sound = this.#sound(endpoint, answer);
      if (sound === undefined) throw failure('malformed');
      return sound as never;
    };
    const all = async (body: Spool): Promise<never> => {
      const answer = await jsonOf(body).catch((error: unknown) => Promise.reject(malformed(error)));
      return check(answer);
    };
    return { malformed, check, all };
  }

  /** The answer, if it is what the endpoint says; null is as good as nothing there. */
  #sound({ response }: Endpoint, answer: Json): unknown {
    const schema = compile(response);
    if (schema.Check(answer)) return answer;
    const rest = withoutNulls(response, answer);
    return schema.Check(rest) ? rest : undefined;
  }
}

/** Every PUT and POST has a body, if only an empty one. Old room versions carry numbers that new ones refuse. */
const contentOf = ({ method }: Endpoint, body: Json | CanonicalBody | undefined): string | undefined => {
  if (method === 'GET' || method === 'DELETE') return undefined;
  return body instanceof CanonicalBody ? body.text : canonicalJson(body ?? {}, 'lenient');
};

const jsonOf = async (body: Spool): Promise<Json> =>
  body.bytes < LARGE_BYTES ? parseJson(body.text, { strict: false }) : parseLargeJson(body.chunks());

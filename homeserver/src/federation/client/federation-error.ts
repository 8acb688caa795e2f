import type { ServerName } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';

/**
 * Why a request to another server did not succeed: the operator forbids it; it failed lately and it is too early to
 * try again; no answer came; it answered with an error; its answer cannot be used.
 */
export type FederationFailure = 'forbidden' | 'backing off' | 'unreachable' | 'refused' | 'malformed';

/** A request to another server that did not succeed. Expected, and for the caller to deal with. */
export class FederationError extends Error {
  override readonly name = 'FederationError';
  readonly failure: FederationFailure;
  readonly destination: ServerName;
  /** Of an answer, whatever it was. */
  readonly status: number | undefined;
  readonly errcode: string | undefined;
  /** The error object that came with it, such as one with a `room_version`. */
  readonly body: JsonObject;

  constructor(
    failure: FederationFailure,
    destination: ServerName,
    options: ErrorOptions & { status?: number; body?: Json } = {},
  ) {
    const body = isObject(options.body) ? options.body : {};
    const errcode = typeof body['errcode'] === 'string' ? body['errcode'] : undefined;
    super([failure, options.status, errcode].filter(Boolean).join(' '), options);
    this.failure = failure;
    this.destination = destination;
    this.status = options.status;
    this.errcode = errcode;
    this.body = body;
  }

  /** Whether the same request may succeed later or elsewhere, as opposed to having been answered with a no. */
  get retryable(): boolean {
    return this.failure !== 'forbidden' && (this.failure !== 'refused' || isOverload(this.status ?? 0));
  }
}

const TOO_MANY_REQUESTS = 429;

/** The server, or what stands before it, is not able to answer now. */
const isOverload = (status: number): boolean => status >= 500 || status === TOO_MANY_REQUESTS;

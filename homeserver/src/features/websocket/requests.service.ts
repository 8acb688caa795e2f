import type { RequestListener } from 'node:http';
import { MatrixError } from '@holm/spec/errors';
import type { ClientHead, ServerHead } from '@holm/spec/extensions/websocket';
import { askInside, type InnerAnswer } from '../../http/inner-request.ts';

export type RequestHead = Extract<ClientHead, { type: 'request' }>;
export type Say = (head: ServerHead, payload?: string) => Promise<void>;

/** Where requests come from, as each of them would say it over HTTP. */
export interface RequestOrigin {
  readonly serve: RequestListener;
  /** Of the client, and of what is at the other end of the connection: it, or a proxy. */
  readonly address: string;
  readonly remoteAddress: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** Headers of responses that mean something without HTTP. */
const TOLD = ['allow', 'etag', 'location', 'retry-after', 'x-request-id'];
const BELOW = ['/_matrix/client/', '/_synapse/', '/_holm/admin/'];
const MEDIA = '/_matrix/client/v1/media/';
const RETRY_MS = 100;

/** What a client asks over its socket: answered as over HTTP, by the very same code. */
export class Requests {
  readonly #origin: RequestOrigin;
  readonly #token: string;
  readonly #say: Say;
  readonly #most: number;
  /** Made for the first request: many clients only listen. */
  #open: Map<number, AbortController> | undefined;
  #answering = 0;

  constructor(origin: RequestOrigin, token: string, { say, most }: { readonly say: Say; readonly most: number }) {
    this.#origin = origin;
    this.#token = token;
    this.#say = say;
    this.#most = most;
  }

  has(id: number): boolean {
    return this.#open?.has(id) ?? false;
  }

  /** None is under way, and no answer on its way to the network. */
  get isIdle(): boolean {
    return this.size === 0 && this.#answering === 0;
  }

  get size(): number {
    return this.#open?.size ?? 0;
  }

  async ask(head: RequestHead, payload: string): Promise<void> {
    const { id } = head;
    const refusal = this.#refusal(head);
    if (refusal) {
      await this.#say({ type: 'answer', id, status: refusal.status, headers: {} }, JSON.stringify(refusal));
      return;
    }
    const open = new AbortController();
    this.#open ??= new Map();
    this.#open.set(id, open);
    const answer = await this.#ask(head, payload, open.signal);
    // Another request may have taken the id of one that was cancelled.
    if (this.#open.get(id) === open) this.#open.delete(id);
    if (answer && !open.signal.aborted) await this.#answer(id, answer);
  }

  /** Nobody waits for it any more. */
  cancel(id: number): void {
    this.#open?.get(id)?.abort();
    this.#open?.delete(id);
  }

  cancelAll(): void {
    for (const id of this.#open?.keys() ?? []) this.cancel(id);
  }

  #refusal({ path }: RequestHead): MatrixError | undefined {
    if (path.startsWith(MEDIA) || !BELOW.some((start) => path.startsWith(start))) {
      return new MatrixError('M_UNRECOGNIZED', 'this is not to be had over a WebSocket');
    }
    if (this.size < this.#most) return undefined;
    return new MatrixError('M_LIMIT_EXCEEDED', `more than ${this.#most} requests are under way`, {
      extra: { retry_after_ms: RETRY_MS },
    });
  }

  #ask({ method, path }: RequestHead, payload: string, signal: AbortSignal): Promise<InnerAnswer | undefined> {
    const { serve, remoteAddress, headers } = this.#origin;
    const body = Buffer.from(payload);
    return askInside(serve, {
      method,
      url: path,
      headers: {
        ...headers,
        authorization: `Bearer ${this.#token}`,
        ...(body.length > 0 && { 'content-type': 'application/json', 'content-length': String(body.length) }),
      },
      body,
      remoteAddress,
      signal,
    });
  }

  async #answer(id: number, { status, headers, body }: InnerAnswer): Promise<void> {
    const told = TOLD.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]] as const]));
    this.#answering++;
    try {
      await this.#say({ type: 'answer', id, status, headers: Object.fromEntries(told) }, body);
    } finally {
      this.#answering--;
    }
  }
}

import { IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { HeaderList } from './deliver.ts';

/** A request that did not come over HTTP. */
export interface InnerRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The other end of the connection that it came by, as it is for HTTP requests over it. */
  readonly remoteAddress: string | undefined;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

export interface InnerAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Gives a request to what serves HTTP, so that it goes the very way of all others: the same routes, checks, limits,
 * log lines and errors. Resolves to nothing if nobody waits for the answer any more.
 */
export const askInside = (serve: RequestListener, request: InnerRequest): Promise<InnerAnswer | undefined> =>
  new Promise((resolve) => {
    const incoming = new IncomingMessage(standIn(request.remoteAddress));
    Object.assign(incoming, { method: request.method, url: request.url, headers: request.headers, complete: true });
    incoming.httpVersion = '1.1';
    incoming.push(request.body);
    incoming.push(null);
    const response = new InnerResponse(incoming, resolve);
    if (request.signal.aborted) return response.hangUp();
    const hangUp = () => response.hangUp();
    request.signal.addEventListener('abort', hangUp, { once: true });
    response.once('close', () => request.signal.removeEventListener('abort', hangUp));
    serve(incoming, response);
  });

/** Never connected: only asked who is at the other end. */
const standIn = (remoteAddress: string | undefined): Socket =>
  Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress });

type Write = ServerResponse['write'];
type Resolve = (answer: InnerAnswer | undefined) => void;

/** A response without a socket: what is written to it stays here, until it is whole. */
class InnerResponse extends ServerResponse {
  readonly #chunks: Buffer[] = [];
  readonly #resolve: Resolve;
  #isOver = false;

  constructor(request: IncomingMessage, resolve: Resolve) {
    super(request);
    this.#resolve = resolve;
  }

  /** Names and values by turns, as all answers have them. */
  override writeHead(status: number, headers?: unknown): this {
    this.statusCode = status;
    const list = headers as HeaderList;
    for (let i = 0; i < list.length; i += 2) this.setHeader(list[i] ?? '', list[i + 1] ?? '');
    return this;
  }

  override write: Write = (chunk: string | Buffer) => {
    this.#chunks.push(Buffer.from(chunk as string));
    return true;
  };

  override end(chunk?: unknown): this {
    if (this.#isOver) return this;
    if (typeof chunk === 'string' || Buffer.isBuffer(chunk)) this.#chunks.push(Buffer.from(chunk as string));
    const headers = Object.fromEntries(Object.entries(this.getHeaders()).map(([name, value]) => [name, String(value)]));
    this.#close({ status: this.statusCode, headers, body: Buffer.concat(this.#chunks).toString() });
    return this;
  }

  /** As when the client goes before it was answered. */
  hangUp(): void {
    if (!this.#isOver) this.#close(undefined);
  }

  #close(answer: InnerAnswer | undefined): void {
    this.#isOver = true;
    // What Koa, and whoever waits with a client, take for the end of a response.
    Object.defineProperties(this, { finished: { value: true }, closed: { value: true } });
    if (answer) this.emit('finish');
    this.emit('close');
    this.#resolve(answer);
  }
}

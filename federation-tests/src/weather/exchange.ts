import { once } from 'node:events';
import { type Agent, type IncomingMessage, request as send, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Clock } from '@holm/homeserver/platform/clock';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Surroundings {
  /** Where the server is that the request is for. */
  readonly port: number;
  readonly agent: Agent;
  readonly clock: Clock;
  /** Aborted when the weather has cleared up: nobody waits any longer. */
  readonly cleared: AbortSignal;
}

/** Headers that are about a connection and not about what is said on it. */
const OF_CONNECTIONS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date']);

/** A request from one server to another, in the hands of the weather. */
export class Exchange {
  readonly method: string;
  readonly path: string;
  readonly #request: IncomingMessage;
  readonly #body: Buffer;
  readonly #response: ServerResponse;
  readonly #around: Surroundings;

  constructor(request: IncomingMessage, body: Buffer, response: ServerResponse, around: Surroundings) {
    this.method = request.method ?? 'GET';
    this.path = request.url ?? '/';
    this.#request = request;
    this.#body = body;
    this.#response = response;
    this.#around = around;
  }

  /** Waits by the clock of the test, or until the weather has cleared up. */
  wait(ms: number): Promise<void> {
    return this.#around.clock.sleep(ms, this.#around.cleared);
  }

  /** Hands the request on, as often as this is called. */
  async forward(): Promise<Reply> {
    const { port, agent } = this.#around;
    const { method, path } = this;
    const { 'transfer-encoding': _, ...headers } = this.#request.headers;
    const outgoing = send({ host: '127.0.0.1', port, agent, method, path, headers });
    outgoing.end(this.#body.length === 0 ? undefined : this.#body);
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    const kept = Object.entries(incoming.headersDistinct).filter(([name]) => !OF_CONNECTIONS.has(name));
    return {
      status: incoming.statusCode ?? 0,
      headers: Object.fromEntries(kept.map(([name, values]) => [name, (values ?? []).join(', ')])),
      body: await buffer(incoming),
    };
  }

  /** Half of the request arrives; the rest would come after `ms`, if the connection did not break then. */
  async forwardHalf(ms = 0): Promise<void> {
    const socket = connect(this.#around.port, '127.0.0.1').on('error', () => undefined);
    const lines = [`${this.method} ${this.path} HTTP/1.1`];
    const { rawHeaders } = this.#request;
    for (let at = 0; at < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
    const whole = Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), this.#body]);
    await new Promise((resolve) =>
      socket.write(whole.subarray(0, whole.length - Math.ceil(this.#body.length / 2) - 2), resolve),
    );
    await this.wait(ms);
    reset(socket);
  }

  answer({ status, headers, body }: Reply): void {
    if (this.#response.writableEnded) return;
    this.#response.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
  }

  /** An answer that ends too early, or whose middle takes longer than anybody waits. */
  async answerHalf({ status, headers, body }: Reply, ms = 0): Promise<void> {
    this.#response.writeHead(status, { ...headers, 'content-length': body.length });
    this.#response.write(body.subarray(0, Math.floor(body.length / 2)));
    await this.wait(ms);
    this.hangUp();
  }

  hangUp(): void {
    if (this.#response.socket) reset(this.#response.socket);
  }
}

/** Node waits for ever, at its own end, for a socket that is reset while it says goodbye. */
const reset = (socket: Socket): void => {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
};

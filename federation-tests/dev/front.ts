import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

const SCRIPT_PATH = '/dev/reload.js';
const SOCKET_PATH = '/dev/reload';

/** Reloads the page when told to, and finds its way back when the servers of the set-up themselves were away. */
const SCRIPT = `
const listen = () => {
  const socket = new WebSocket('${SOCKET_PATH}');
  socket.onmessage = () => location.reload();
  socket.onclose = () => setTimeout(listen, 1000);
};
listen();
`;

/** How long a request waits for a server that is being restarted. */
const ATTEMPTS = 100;
const PAUSE_MS = 100;

/**
 * What a browser talks to: a homeserver, whose web client reloads itself when it has been built anew.
 *
 * Requests made while the server restarts wait for it.
 */
export class Front {
  readonly #target: number;
  readonly #server: Server;
  readonly #pages: WebSocketServer;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((incoming, answer) => this.#answer(incoming, answer));
    this.#pages = new WebSocketServer({ server: this.#server, path: SOCKET_PATH });
  }

  static async open(port: number, target: number): Promise<Front> {
    const front = new Front(target);
    front.#server.listen(port, 'localhost');
    await once(front.#server, 'listening');
    return front;
  }

  /** The one that was asked for, or where that was 0, a free one. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  reload(): void {
    for (const page of this.#pages.clients) page.send('reload');
  }

  async close(): Promise<void> {
    for (const page of this.#pages.clients) page.terminate();
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  #answer(incoming: IncomingMessage, answer: ServerResponse): void {
    if (incoming.url === SCRIPT_PATH) {
      answer.setHeader('content-type', 'text/javascript');
      answer.end(SCRIPT);
    } else if (incoming.url === '/') this.#forward(incoming, (response) => void withScript(response, answer), answer);
    else this.#forward(incoming, (response) => pass(response, answer), answer);
  }

  #forward(incoming: IncomingMessage, use: (response: IncomingMessage) => void, answer: ServerResponse, attempt = 1) {
    const headers = { ...incoming.headers, ...(incoming.url === '/' && { 'accept-encoding': 'identity' }) };
    const { method, url: path } = incoming;
    const outgoing = request({ host: '127.0.0.1', port: this.#target, method, path, headers }, use);
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      if (answer.headersSent || answer.destroyed) return void answer.destroy();
      if (error.code === 'ECONNREFUSED' && attempt < ATTEMPTS) {
        setTimeout(() => this.#forward(incoming, use, answer, attempt + 1), PAUSE_MS);
      } else answer.writeHead(502, { 'access-control-allow-origin': '*' }).end(error.message);
    });
    // Only once connected: what has been read from a request cannot be read again.
    outgoing.once('socket', (socket) => {
      const send = () => void incoming.pipe(outgoing);
      if (socket.connecting) socket.once('connect', send);
      else send();
    });
    answer.once('close', () => outgoing.destroy());
  }
}

const pass = (response: IncomingMessage, answer: ServerResponse): void => {
  answer.writeHead(response.statusCode ?? 502, response.headers);
  response.pipe(answer);
};

const withScript = async (response: IncomingMessage, answer: ServerResponse): Promise<void> => {
  const page = await new Response(response as never).text();
  const { 'content-length': _length, etag: _etag, ...headers } = response.headers;
  answer.writeHead(response.statusCode ?? 502, { ...headers, 'cache-control': 'no-store' });
  answer.end(page.replace('</head>', `<script type="module" src="${SCRIPT_PATH}"></script></head>`));
};

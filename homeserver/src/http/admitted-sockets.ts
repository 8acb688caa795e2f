import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Log } from '../platform/log.ts';
import type { Resource } from './resource.ts';
import type { Upgrade, UpgradeRoute } from './upgrade.ts';

/** A request to go on as a WebSocket. */
export interface SocketRequest {
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly address: string;
}

/** Both sides may write at any time from here on. */
export interface Socket {
  send(message: Uint8Array | string): void;
  close(): void;
  onMessage(listener: (message: Buffer, isBinary: boolean) => void): void;
  /** Called once, however it ended. */
  onClose(listener: () => void): void;
}

export interface SocketRefusal {
  readonly status: number;
  readonly reason: string;
}

/** What is done with the socket once it is open, or when its client has hung up before that. */
export interface Accepted {
  readonly open: (socket: Socket) => void;
  readonly abandoned: () => void;
}

export interface AdmittedSocketsOptions {
  readonly resource: Resource;
  readonly path: string;
  /** A larger message ends its socket. */
  readonly maxMessageBytes: number;
  readonly accept: (request: SocketRequest) => Promise<Accepted | SocketRefusal>;
  readonly log: Log;
}

/** A client that does not read is let go when so much is waiting for it. */
const MAX_WAITING_BYTES = 4_194_304;
/** How long the other side has to answer a close frame. */
const CLOSE_TIMEOUT_MS = 2_000;
const GOING_AWAY = 1001;
const NORMAL = 1000;

/** WebSockets that open only once somebody has looked at who asks. Others get an HTTP answer. */
export const admittedSockets = ({ resource, path, accept, ...options }: AdmittedSocketsOptions): UpgradeRoute => {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: true,
    maxPayload: options.maxMessageBytes,
    perMessageDeflate: false,
    ...{ closeTimeout: CLOSE_TIMEOUT_MS },
  });
  let isDraining = false;

  const decide = async (request: SocketRequest): Promise<Accepted | SocketRefusal> => {
    if (isDraining) return { status: 503, reason: 'the server is stopping' };
    try {
      return await accept(request);
    } catch (err) {
      options.log.error('a WebSocket could not be opened', { err });
      return { status: 500, reason: 'internal error' };
    }
  };

  const open = ({ request, socket, head }: Upgrade, accepted: Accepted): void => {
    let opened: WebSocket | undefined;
    server.handleUpgrade(request, socket, head, (made) => (opened = made));
    // It calls back before it returns, or not at all.
    if (opened === undefined) accepted.abandoned();
    else accepted.open(wrap(opened));
  };

  return {
    resource,
    isIts: (asked) => asked === path,
    take(upgrade) {
      const { request, socket, address } = upgrade;
      // Until `ws` takes over, a connection that breaks would be an error that nobody hears.
      const broken = () => socket.destroy();
      socket.on('error', broken);
      const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
      void decide({ query: searchParams, headers: request.headers, address }).then((answer) => {
        socket.off('error', broken);
        if ('status' in answer) refuse(socket, answer);
        else open(upgrade, answer);
      });
    },
    drain() {
      isDraining = true;
      for (const client of server.clients) client.close(GOING_AWAY);
    },
  };
};

const wrap = (socket: WebSocket): Socket => {
  // Such as a message that is too large; the close that follows says enough.
  socket.on('error', () => undefined);
  return {
    send(message) {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > MAX_WAITING_BYTES) socket.terminate();
      else socket.send(message);
    },
    close: () => socket.close(NORMAL),
    onMessage(listener) {
      socket.on('message', (data, isBinary) => listener(data as Buffer, isBinary));
    },
    onClose(listener) {
      socket.once('close', () => listener());
    },
  };
};

const REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

const refuse = (socket: Duplex, { status, reason }: SocketRefusal): void => {
  const body = Buffer.from(reason);
  const head = [
    `HTTP/1.1 ${status} ${REASONS[status] ?? ''}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    'Access-Control-Allow-Origin: *',
    `Content-Length: ${body.length}`,
  ].join('\r\n');
  socket.on('error', () => socket.destroy());
  socket.end(`${head}\r\n\r\n${body.toString()}`, () => socket.destroy());
};

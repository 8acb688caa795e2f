import type { IncomingMessage, RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import type { IpRanges } from '../platform/address.ts';
import { clientAddress } from './client-address.ts';
import type { Resource } from './resource.ts';

/** A connection that is to be taken out of HTTP. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came right behind the request. */
  readonly head: Buffer;
  /** The client's address, from `X-Forwarded-For` where a trusted proxy says so. */
  readonly address: string;
  /** Serves requests as the listener does over which the connection came. */
  readonly serve: RequestListener;
}

/** Something that takes WebSockets. */
export interface UpgradeRoute {
  readonly resource: Resource;
  readonly isIts: (path: string) => boolean;
  /** From here on the connection is its own, to answer or to refuse. */
  readonly take: (upgrade: Upgrade) => void;
  /** The server stops: what is open is to be closed now, and nothing more comes. */
  readonly drain: () => void;
}

/** What a listener does with connections that want to be something else. */
export interface Upgrades {
  /** Whether somebody takes it; all others are served as if they had not asked. */
  readonly isWanted: (request: IncomingMessage) => boolean;
  readonly take: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

interface Listening {
  readonly resources: readonly Resource[];
  readonly trustedProxies: IpRanges;
  readonly serve: RequestListener;
}

export const upgradesOf = (all: readonly UpgradeRoute[], { resources, trustedProxies, serve }: Listening): Upgrades => {
  const routes = all.filter(({ resource }) => resources.includes(resource));
  const find = ({ method, headers, url = '' }: IncomingMessage): UpgradeRoute | undefined => {
    if (method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket') return undefined;
    const [path = ''] = url.split('?');
    return routes.find((route) => route.isIts(path));
  };
  return {
    isWanted: (request) => find(request) !== undefined,
    take: (request, socket, head) => {
      const route = find(request);
      // Only where this version of Node hands on every upgrade, wanted or not.
      if (!route) return refuseUpgrade(socket, 400);
      route.take({ request, socket, head, address: clientAddress(request, trustedProxies), serve });
    },
  };
};

const REASONS = {
  400: 'Bad Request',
  403: 'Forbidden',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
} as const;

/** Answers a handshake with a plain HTTP response, and hangs up. */
export const refuseUpgrade = (
  socket: Duplex,
  status: keyof typeof REASONS,
  { error, retryAfterSeconds }: { readonly error?: object; readonly retryAfterSeconds?: number } = {},
): void => {
  const body = error === undefined ? '' : JSON.stringify(error);
  const headers = [
    `HTTP/1.1 ${status} ${REASONS[status]}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(retryAfterSeconds === undefined ? [] : [`Retry-After: ${retryAfterSeconds}`]),
  ];
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`);
};

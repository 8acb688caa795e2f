import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6 } from 'node:net';
import type { TransportListenInfo } from 'mediasoup/types';
import type { ServerConfig } from '../../../config/schema.ts';

/** Where worker number `index` listens: 0 is any port. */
export const portOf = ({ port }: Pick<ServerConfig['calls'], 'port'>, index: number): number =>
  port === 0 ? 0 : port + index;

/**
 * Throws what would keep a media worker from listening there. The workers themselves are started when somebody calls,
 * which would be late to hear that another program has the port.
 */
export const tryPorts = async (infos: readonly TransportListenInfo[]): Promise<void> => {
  for (const { protocol, ip, port = 0 } of infos) {
    if (port !== 0) await (protocol === 'udp' ? tryUdp(ip, port) : tryTcp(ip, port));
  }
};

const tryUdp = async (address: string, port: number): Promise<void> => {
  const socket = createSocket(isIPv6(address) ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' });
  const bound = once(socket, 'listening');
  socket.bind({ address, port, exclusive: true });
  await bound;
  const closed = once(socket, 'close');
  socket.close();
  await closed;
};

const tryTcp = async (host: string, port: number): Promise<void> => {
  const server = createServer();
  const bound = once(server, 'listening');
  server.listen({ host, port, exclusive: true, ipv6Only: true });
  await bound;
  const closed = once(server, 'close');
  server.close();
  await closed;
};

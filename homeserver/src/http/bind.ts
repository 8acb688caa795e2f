import { type RequestListener, type Server, type ServerOptions, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Log } from '../platform/log.ts';
import { type CertificateFiles, followCertificate, readCertificate } from '../platform/tls.ts';
import type { Resource } from './resource.ts';
import type { SilentConnections } from './silent-connections.ts';
import type { Upgrades } from './upgrade.ts';

/** A listener as the configuration describes it. */
export interface ListenerOptions {
  readonly address: string | readonly string[];
  readonly port: number;
  readonly tls?: (CertificateFiles & { readonly hsts_seconds: number }) | undefined;
  readonly resources: readonly Resource[];
  readonly trusted_proxies: readonly string[];
}

/** What a listener serves. */
export interface Served {
  readonly handler: RequestListener;
  readonly upgrades: Upgrades;
  readonly silent: SilentConnections;
}

/** Why a listener could not start: one sentence for whoever runs the server. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** How Node is to serve, wherever it does. */
export const SERVER_SETTINGS: ServerOptions = {
  // Longer than the minute after which proxies drop an idle connection, so that it is they who close.
  keepAliveTimeout: 65_000,
  headersTimeout: 15_000,
  requestTimeout: 300_000,
  maxHeaderSize: 16_384,
  noDelay: true,
  // A request without a body has no stream of it that begins, ends and closes: it has ended before anybody listens.
  optimizeEmptyRequests: true,
};

/** One server for each address. An address that this machine does not have is passed over if another one works. */
export const bind = async (options: ListenerOptions, served: Served, log: Log): Promise<Server[]> => {
  const { address, port } = options;
  const addresses = typeof address === 'string' ? [address] : address;
  const servers: Server[] = [];
  const missing: ListenError[] = [];
  for (const host of addresses) {
    const server = create(options, served, log);
    try {
      // With port 0 all addresses take the port that the first one was given.
      await start(server, host, servers[0] ? (servers[0].address() as AddressInfo).port : port);
      servers.push(server);
    } catch (error) {
      const told = sentenceFor(error, host, port);
      if (!isMissing(error)) {
        await Promise.all(servers.map((started) => new Promise((resolve) => started.close(resolve))));
        throw told;
      }
      missing.push(told);
    }
  }
  if (servers.length === 0 && missing[0]) throw missing[0];
  return servers;
};

const create = (options: ListenerOptions, served: Served, log: Log): Server => {
  const { isWanted, take } = served.upgrades;
  const server = createPlainOrTls(options, { ...SERVER_SETTINGS, shouldUpgradeCallback: isWanted }, { served, log });
  served.silent.watch(server, options.tls !== undefined);
  return server.on('upgrade', take);
};

const createPlainOrTls = (
  { tls }: ListenerOptions,
  settings: ServerOptions,
  { served: { handler }, log }: { readonly served: Served; readonly log: Log },
): Server => {
  if (!tls) return createServer(settings, handler);
  try {
    const server = createTlsServer({ ...settings, ...readCertificate(tls), minVersion: 'TLSv1.2' }, handler);
    const following = followCertificate(server, tls, { log });
    server.once('close', () => following[Symbol.dispose]());
    return server;
  } catch (cause) {
    const why = (cause as Error).message;
    throw new ListenError(`cannot use the certificate ${tls.certificate} with the key ${tls.key}: ${why}`, { cause });
  }
};

const start = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    // IPv6 only where IPv4 was not asked for: `::` is everything, `::1` beside `127.0.0.1` is not.
    server.listen({ host, port, ipv6Only: host !== '::' }, () => {
      server.off('error', reject);
      resolve();
    });
  });

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code);
const isMissing = (error: unknown): boolean => ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(codeOf(error));

const sentenceFor = (error: unknown, host: string, port: number): ListenError => {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `port ${port} of ${host} is in use by another program`,
    EACCES: `this user may not listen on port ${port} of ${host}`,
    EADDRNOTAVAIL: `this machine has no address ${host}`,
    EAFNOSUPPORT: `this machine cannot listen on ${host}`,
    ENOTFOUND: `there is no address ${host}`,
  };
  const code = codeOf(error);
  return new ListenError(reasons[code] ?? `cannot listen on port ${port} of ${host}: ${code}`, { cause: error });
};

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ipRanges } from '../platform/address.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { App } from './app.ts';
import { ListenError, type ListenerOptions, type Served, bind } from './bind.ts';
import { SilentConnections } from './silent-connections.ts';

export interface Listening {
  /** Where the server can be reached, such as `http://127.0.0.1:8008`. */
  readonly urls: readonly string[];
  /** Stops to accept, tells long polls to answer, and ends after `graceMs` what is not over by itself. */
  readonly close: (graceMs: number) => Promise<void>;
}

interface ListenDeps {
  readonly app: Pick<App, 'handler' | 'upgrades' | 'drain'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Starts every listener or none. Throws `ListenError`. */
export const listen = async (listeners: readonly ListenerOptions[], deps: ListenDeps): Promise<Listening> => {
  const { app, clock, log } = deps;
  const servers: Server[] = [];
  const urls: string[] = [];
  const silent = new SilentConnections();
  const closeAll = async (): Promise<void> => {
    const closed = servers.map(closeServer);
    silent.close();
    await Promise.all(closed);
  };
  try {
    for (const options of listeners) {
      const bound = await bind(options, { ...servedBy(options, app), silent }, log);
      servers.push(...bound);
      urls.push(...bound.map((server) => urlOf(server, options.tls !== undefined)));
    }
  } catch (error) {
    await closeAll();
    throw error;
  }
  const close = async (graceMs: number): Promise<void> => {
    app.drain();
    const over = new AbortController();
    const forced = clock.sleep(graceMs, over.signal).then(() => {
      if (over.signal.aborted) return;
      log.warn('requests cut off at stop', { graceMs });
      for (const server of servers) server.closeAllConnections();
    });
    await closeAll();
    over.abort();
    await forced;
  };
  return { urls, close };
};

const servedBy = (options: ListenerOptions, app: Pick<App, 'handler' | 'upgrades'>): Omit<Served, 'silent'> => {
  const { resources, trusted_proxies: proxies, tls } = options;
  try {
    const settings = { resources, trustedProxies: ipRanges(proxies), hstsSeconds: tls?.hsts_seconds ?? 0 };
    const handler = app.handler(settings);
    return { handler, upgrades: app.upgrades(handler, settings) };
  } catch (cause) {
    throw new ListenError(`trusted_proxies: ${(cause as Error).message}`, { cause });
  }
};

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });

const urlOf = (server: Server, isTls: boolean): string => {
  const { address, family, port } = server.address() as AddressInfo;
  return `${isTls ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
};

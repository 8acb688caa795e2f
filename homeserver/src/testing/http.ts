import { type RequestListener, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SERVER_SETTINGS } from '../http/bind.ts';
import type { Route } from '../http/route.ts';
import { type App, type AppDeps, createApp } from '../http/app.ts';
import { RateLimits } from '../http/rate-limit.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { Metrics } from '../platform/metrics.ts';
import { seededEntropy } from './seeded-entropy.ts';

const OFF = 'off' as const;

/** No limits: what most tests want. */
export const noRateLimits = new RateLimits(
  {
    login: OFF,
    registration: OFF,
    message: OFF,
    join: OFF,
    invite: OFF,
    directory: OFF,
    media: OFF,
    call: OFF,
    other: OFF,
    federation: OFF,
    policed: OFF,
  },
  systemClock,
);

/** An app around some routes, in which nobody can authenticate unless `deps` says how. */
export const createTestApp = (routes: readonly Route[], deps: Partial<AppDeps> = {}): App =>
  createApp({
    routes,
    plainRoutes: [],
    authenticate: {
      user: () => Promise.reject(new Error('this test knows no users')),
      server: () => Promise.reject(new Error('this test knows no servers')),
    },
    rateLimits: noRateLimits,
    bodyLimits: { client: 100_000, federation: 100_000 },
    log: silentLog,
    metrics: new Metrics(),
    entropy: seededEntropy('app'),
    ...deps,
  });

export interface TestServer extends AsyncDisposable {
  readonly origin: string;
  readonly port: number;
}

/** A real server on a free port. */
export const serve = async (listener: RequestListener): Promise<TestServer> => {
  const server = createServer(SERVER_SETTINGS, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Empty where there is no body. */
  readonly body: Readonly<Record<string, unknown>>;
}

export type CallInit = Omit<RequestInit, 'headers'> & { token?: string; headers?: Record<string, string> };

/** Calls a server whose answers are JSON objects. */
export const call = async ({ origin }: TestServer, path: string, init: CallInit = {}): Promise<Answer> => {
  const { token, headers = {}, ...rest } = init;
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${origin}${path}`, { ...rest, headers: { ...authorization, ...headers } });
  const text = await response.text();
  const body = (text === '' ? {} : JSON.parse(text)) as Answer['body'];
  return { status: response.status, headers: response.headers, body };
};

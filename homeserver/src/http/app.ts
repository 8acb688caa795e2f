import type { RequestListener } from 'node:http';
import type { Context } from 'koa';
import { type IpRanges, ipRanges, isLoopback } from '../platform/address.ts';
import { type Entropy, token } from '../platform/entropy.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Authenticator } from './authenticate.ts';
import { clientAddress, isForwarded } from './client-address.ts';
import { isMatrixPath } from './cors.ts';
import { OpenRequests } from './exchange.ts';
import type { Later } from './later.ts';
import { type BodyLimits, pipeline } from './pipeline.ts';
import type { PlainRoute } from './plain.ts';
import type { RateLimits } from './rate-limit.ts';
import { json, Reply } from './reply.ts';
import { type Resource, resourceOf } from './resource.ts';
import { replyOf } from './respond.ts';
import { type Mounted, RouteTable } from './route-table.ts';
import type { Route } from './route.ts';
import { type Seen, Serving, UNKNOWN } from './serving.ts';
import { httpTelemetry } from './telemetry.ts';
import { type UpgradeRoute, type Upgrades, upgradesOf } from './upgrade.ts';

export interface AppDeps {
  readonly routes: readonly Route[];
  /** Asked in turn for paths that are no operation of Matrix. */
  readonly plainRoutes: readonly PlainRoute[];
  readonly upgradeRoutes?: readonly UpgradeRoute[];
  readonly authenticate: Authenticator;
  readonly rateLimits: RateLimits;
  readonly bodyLimits: BodyLimits;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly entropy: Entropy;
}

export interface HandlerOptions {
  readonly resources: readonly Resource[];
  readonly trustedProxies: IpRanges;
  /** For `Strict-Transport-Security`; 0 sends none. */
  readonly hstsSeconds: number;
}

/** All that the server answers over HTTP. Each listener takes a handler with the part that it serves. */
export interface App {
  readonly handler: (options?: Partial<HandlerOptions>) => RequestListener;
  /** What becomes of connections over which `serve` answers and that want to be WebSockets. */
  readonly upgrades: (serve: RequestListener, options?: Partial<HandlerOptions>) => Upgrades;
  /** Tells long polls, present and future, to answer now, and closes WebSockets. */
  readonly drain: () => void;
  readonly isDraining: () => boolean;
}

const EVERYTHING: readonly Resource[] = [
  'client',
  'federation',
  'media',
  'well_known',
  'web_client',
  'health',
  'metrics',
];
const DEFAULTS: HandlerOptions = { resources: EVERYTHING, trustedProxies: ipRanges([]), hstsSeconds: 0 };

export const createApp = (deps: AppDeps): App => {
  const { routes, plainRoutes, upgradeRoutes = [], metrics, entropy } = deps;
  const log = deps.log.with({ area: 'http' });
  const open = new OpenRequests();
  const operations = [...routes.map(({ endpoint }) => endpoint.operationId), ...plainRoutes.map(({ name }) => name)];
  const telemetry = httpTelemetry(metrics, [...operations, UNKNOWN]);
  metrics.gauge('holm_http_waiting_requests', 'Requests whose handlers wait for something.', () => open.size);
  const prefix = token(entropy, 6);
  let count = 0;

  const handler = (options: Partial<HandlerOptions> = {}): RequestListener => {
    const { resources, trustedProxies, hstsSeconds } = { ...DEFAULTS, ...options };
    const mounted = mount(deps, { open, resources, trustedProxies });
    const plain = plainRoutes.filter(({ resource }) => resources.includes(resource));
    const isOnlyResource = resources.length === 1;
    const answer = (ctx: Context): Promise<Reply | Later> | Reply =>
      isMatrixPath(ctx.path) ? serveMatrix(ctx, mounted) : servePlain(ctx, plain, { trustedProxies, isOnlyResource });
    const serving = new Serving({ open, telemetry, log, hstsSeconds }, answer);
    return (request, response) => {
      serving.begin(request, response, `${prefix}-${(++count).toString(36)}`);
    };
  };

  const drain = (): void => {
    open.drain();
    for (const route of upgradeRoutes) route.drain();
  };
  const upgrades: App['upgrades'] = (serve, options = {}) =>
    upgradesOf(upgradeRoutes, { ...DEFAULTS, ...options, serve });
  return { handler, upgrades, drain, isDraining: () => open.isDraining };
};

/** A preflight runs nothing, and is the same for every path. */
const serveMatrix = (ctx: Context, table: RouteTable): Promise<Reply | Later> | Reply =>
  ctx.method === 'OPTIONS' ? new Reply(204, {}, '') : table.dispatch(ctx);

interface Mounting {
  readonly open: OpenRequests;
  readonly resources: readonly Resource[];
  readonly trustedProxies: IpRanges;
}

const mount = (deps: AppDeps, { open, resources, trustedProxies }: Mounting): RouteTable => {
  const mounted = deps.routes
    .filter(({ endpoint }) => resources.includes(resourceOf(endpoint)))
    .flatMap((route): Mounted[] => {
      const { method, path, aliases = [], operationId } = route.endpoint;
      const serve = pipeline(route, { ...deps, open, trustedProxies });
      const run = (ctx: Context): Promise<Reply | Later> => {
        (ctx.state as Seen).operation = operationId;
        return serve(ctx);
      };
      return [path, ...aliases].map((mountedPath) => ({ method, path: mountedPath, run }));
    });
  return new RouteTable(mounted);
};

const servePlain = async (
  ctx: Context,
  plain: readonly PlainRoute[],
  { trustedProxies, isOnlyResource }: { trustedProxies: IpRanges; isOnlyResource: boolean },
): Promise<Reply> => {
  if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
    ctx.set('Allow', 'GET, HEAD');
    return json(405, { errcode: 'M_UNRECOGNIZED', error: `${ctx.path} is only read` });
  }
  const address = clientAddress(ctx.req, trustedProxies);
  const isLocal = isLoopback(address) && !isForwarded(ctx.req);
  const { method, path, req } = ctx;
  const query = new URLSearchParams(ctx.querystring);
  for (const route of plain) {
    const reply = await route.answer({ method, path, query, headers: req.headers, address, isLocal, isOnlyResource });
    if (!reply) continue;
    (ctx.state as Seen).operation = route.name;
    return replyOf(ctx, reply);
  }
  return json(404, { errcode: 'M_UNRECOGNIZED', error: 'there is nothing here' });
};

import type { PlainRoute } from '../../http/plain.ts';
import { Reply, json } from '../../http/reply.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { type Check, healthOf } from './checks.ts';

export interface HealthDeps {
  readonly checks: readonly Check[];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

const NOT_CACHED = { 'cache-control': 'no-store' };

/** `/health`: the process answers. `/health/ready`: send it users. `/metrics`: for Prometheus. */
export const healthRoutes = ({ checks, clock, log, metrics }: HealthDeps): readonly PlainRoute[] => [
  {
    resource: 'health',
    name: 'health',
    answer: async ({ path }) => {
      if (path === '/health') return json(200, { status: 'live' });
      if (path !== '/health/ready') return undefined;
      const { isReady, components } = await healthOf(checks, { clock, log });
      return json(isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', components });
    },
  },
  {
    resource: 'metrics',
    name: 'metrics',
    answer: async ({ path, isLocal, isOnlyResource }) => {
      // Where other things are served too, strangers come by; they are told as little as of any unknown path.
      if (path !== '/metrics' || !(isLocal || isOnlyResource)) return undefined;
      const { registry } = metrics;
      return new Reply(200, { ...NOT_CACHED, 'content-type': registry.contentType }, await registry.metrics());
    },
  },
];

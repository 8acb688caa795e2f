import { ServerName } from '@holm/spec/ids';
import type { ServerConfig } from '../config/schema.ts';
import type { Dns } from '../federation/resolver/dns.ts';
import { Background } from '../platform/background.ts';
import type { Clock } from '../platform/clock.ts';
import type { Entropy } from '../platform/entropy.ts';
import { IdleCaches } from '../platform/idle-caches.ts';
import type { Log } from '../platform/log.ts';
import { Metrics } from '../platform/metrics.ts';
import type { Cron } from '../platform/schedule.ts';
import type { Database } from '../storage/database.ts';

/** The world outside: what a server is given, so that tests can give it another one. */
export interface Effects {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly dns: Dns;
  readonly cron: Cron;
}

/** What nearly everything is made from. */
export interface Base extends Effects {
  readonly config: ServerConfig;
  readonly serverName: ServerName;
  readonly db: Database;
  readonly metrics: Metrics;
  readonly background: Background;
  readonly idle: IdleCaches;
  /** Where the server can be reached, once it listens. */
  readonly urls: () => readonly string[];
}

export const createBase = (config: ServerConfig, effects: Effects, rest: Pick<Base, 'db' | 'urls'>): Base => ({
  ...effects,
  ...rest,
  config,
  serverName: ServerName.parse(config.server_name),
  metrics: new Metrics(),
  background: new Background(effects.log.with({ area: 'background' })),
  idle: new IdleCaches(effects.clock),
});

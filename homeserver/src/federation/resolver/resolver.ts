import type { ServerName } from '@holm/spec/ids';
import { LRUCache } from 'lru-cache';
import { atMost } from '../../platform/at-most.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Entropy } from '../../platform/entropy.ts';
import type { Log } from '../../platform/log.ts';
import type { FederationSettings } from '../settings.ts';
import type { Dns } from './dns.ts';
import { orderOfSrv, type SrvRecord } from './srv.ts';
import { DEFAULT_PORT, directTarget, hostAndPort, overriddenTarget, type Target } from './target.ts';
import type { WellKnown } from './well-known.ts';

export interface ResolverDeps {
  readonly settings: Pick<FederationSettings, 'overrides'>;
  readonly dns: Dns;
  readonly wellKnown: Pick<WellKnown, 'delegateOf'>;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

interface CachedSrv {
  readonly records: readonly SrvRecord[];
  readonly until: number;
}

const MAX_CACHED = 10_000;
// Node does not tell how long a record may be kept.
const SRV_LIFETIME_MS = 5 * 60_000;
const SRV_FAILURE_LIFETIME_MS = 30_000;

/**
 * From a server name to where it is: https://spec.matrix.org/latest/server-server-api/#resolving-server-names
 *
 * Several targets are alternatives, in the order in which to try them; there is always at least one.
 */
export class Resolver {
  readonly #deps: ResolverDeps;
  readonly #srvCache = new LRUCache<string, CachedSrv>(atMost(MAX_CACHED));

  constructor(deps: ResolverDeps) {
    this.#deps = deps;
  }

  async resolve(server: ServerName): Promise<readonly Target[]> {
    const override = this.#deps.settings.overrides.get(server);
    if (override !== undefined) return [overriddenTarget(server, override)];
    const { host, port, isAddress } = hostAndPort(server);
    if (isAddress || port !== undefined) return [directTarget(server)]; // steps 1 and 2
    const delegated = await this.#deps.wellKnown.delegateOf(host); // step 3
    return delegated === undefined ? this.#byHostname(server) : this.#delegated(delegated);
  }

  #delegated(delegated: ServerName): Promise<readonly Target[]> {
    const { port, isAddress } = hostAndPort(delegated);
    return isAddress || port !== undefined ? Promise.resolve([directTarget(delegated)]) : this.#byHostname(delegated);
  }

  /** Steps 3.3 to 5: SRV records (the second name is deprecated, and still in use), then port 8448. */
  async #byHostname(name: ServerName): Promise<readonly Target[]> {
    for (const service of ['_matrix-fed._tcp', '_matrix._tcp']) {
      const records = await this.#srv(`${service}.${name}`);
      // A lone target of "." says that the service is decidedly not available here (RFC 2782).
      const usable = records.filter((record) => record.name !== '' && record.name !== '.');
      if (usable.length > 0) {
        return orderOfSrv(usable, () => this.#random()).map(({ name: host, port }) => ({
          scheme: 'https',
          host: host.replace(/\.$/, ''),
          port: port || DEFAULT_PORT,
          hostHeader: name,
          tlsName: name,
          trusted: false,
        }));
      }
    }
    return [directTarget(name)];
  }

  /**
   * NOTSPEC: a look-up that fails counts as no records, because machines without a name server are common in test
   * networks. Nothing is risked: the certificate must be for the same name either way.
   */
  async #srv(name: string): Promise<readonly SrvRecord[]> {
    const { dns, clock, log } = this.#deps;
    const cached = this.#srvCache.get(name);
    if (cached && cached.until > clock.now()) return cached.records;
    const remember = (records: readonly SrvRecord[], lifetimeMs: number) => {
      this.#srvCache.set(name, { records, until: clock.now() + lifetimeMs });
      return records;
    };
    try {
      return remember(await dns.srv(name), SRV_LIFETIME_MS);
    } catch (err) {
      log.debug('service records cannot be looked up', { name, err });
      return remember([], SRV_FAILURE_LIFETIME_MS);
    }
  }

  #random(): number {
    return this.#deps.entropy.bytes(4).readUInt32BE() / 2 ** 32;
  }
}

import { isIP, type LookupFunction } from 'node:net';
import { checkServerIdentity, type PeerCertificate, rootCertificates } from 'node:tls';
import { LRUCache } from 'lru-cache';
import type { buildConnector, Dispatcher, Pool } from 'undici';
import type { Address, Dns } from './dns.ts';
import type { Target } from './target.ts';
import { atMost } from '../../platform/at-most.ts';
import { Lazy } from '../../platform/lazy.ts';

export interface OutgoingConnectionsDeps {
  readonly dns: Pick<Dns, 'addresses'>;
  /** Whether the operator lets us connect to this address at all. */
  readonly mayConnectTo: (address: string) => boolean;
  readonly trustedCa?: string | undefined;
  readonly verifyCertificates: boolean;
}

const MAX_POOLS = 1_000;
const CONNECTIONS_PER_TARGET = 6;
const CONNECT_TIMEOUT_MS = 10_000;
/** Shorter than what common reverse proxies allow, so that we are the ones to hang up. */
const KEEP_ALIVE_MS = 50_000;

/** A name led to addresses that must not be contacted, or to none. */
export class UnreachableAddressError extends Error {
  override readonly name = 'UnreachableAddressError';
}

/** Open connections to other servers, kept alive and bounded in number. */
export class OutgoingConnections implements AsyncDisposable {
  readonly #deps: OutgoingConnectionsDeps;
  readonly #closing = new Set<Promise<void>>();
  readonly #pools: LRUCache<string, Pool>;
  readonly #undici = new Lazy(() => import('undici'));

  constructor(deps: OutgoingConnectionsDeps) {
    this.#deps = deps;
    this.#pools = new LRUCache<string, Pool>({ ...atMost(MAX_POOLS), dispose: (pool) => this.#close(pool) });
  }

  /** What to send a request to `target` with. */
  async to(target: Target): Promise<Dispatcher> {
    const undici = await this.#undici.get();
    const key = `${target.scheme} ${target.host} ${target.port} ${target.tlsName} ${target.trusted}`;
    const pool = this.#pools.get(key) ?? this.#open(target, undici);
    this.#pools.set(key, pool);
    return pool;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pools.clear();
    await Promise.all(this.#closing);
  }

  #open({ scheme, host, port, tlsName, trusted }: Target, { Pool, buildConnector }: typeof import('undici')): Pool {
    const authority = isIP(host) === 6 ? `[${host}]` : host;
    const { trustedCa, verifyCertificates } = this.#deps;
    return new Pool(`${scheme}://${authority}:${port}`, {
      connections: CONNECTIONS_PER_TARGET,
      keepAliveTimeout: KEEP_ALIVE_MS,
      allowH2: false,
      connect: this.#guarded(
        trusted,
        buildConnector({
          timeout: CONNECT_TIMEOUT_MS,
          lookup: this.#lookupFor(trusted),
          rejectUnauthorized: verifyCertificates,
          // The name in the certificate is the server's, whatever host its override or SRV record leads to.
          checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
            checkServerIdentity(tlsName, certificate),
          ...(isIP(tlsName) === 0 && { servername: tlsName }),
          ...(trustedCa !== undefined && { ca: [...rootCertificates, trustedCa] }),
        }),
      ),
    });
  }

  /**
   * Addresses are not looked up, so they never come by the guard of the look-up. What matters is what the URL parser
   * has made of a host: to it `127.1`, `0x7f.1` and `2130706433` are all 127.0.0.1.
   */
  #guarded(trusted: boolean, connect: buildConnector.connector): buildConnector.connector {
    return (options, callback) => {
      const host = options.hostname.replace(/^\[|\]$/g, '');
      if (trusted || isIP(host) === 0 || this.#deps.mayConnectTo(host)) connect(options, callback);
      else callback(new UnreachableAddressError('the address may not be contacted'), null);
    };
  }

  #close(pool: Pool): void {
    const closing = pool.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  // Checked after resolution, by whoever connects: a name cannot change its mind in between.
  #lookupFor(trusted: boolean): LookupFunction {
    return (host, options, answer) => {
      this.#resolve(host, trusted).then(
        (addresses) => {
          const [first] = addresses;
          if (first === undefined) answer(new UnreachableAddressError('no address may be contacted'), '', 0);
          else if (options.all) answer(null, addresses);
          else answer(null, first.address, first.family);
        },
        (error: unknown) => answer(error as Error, '', 0),
      );
    };
  }

  async #resolve(host: string, trusted: boolean): Promise<Address[]> {
    const found = await this.#deps.dns.addresses(host);
    return found.filter(({ address }) => trusted || this.#deps.mayConnectTo(address));
  }
}

import type { ServerName } from '@holm/spec/ids';
import type { Background } from '../../platform/background.ts';
import type { Clock, UnixMillis } from '../../platform/clock.ts';
import type { Entropy } from '../../platform/entropy.ts';
import { KeyedQueue } from '../../platform/keyed-queue.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Database } from '../../storage/database.ts';
import type { FederationSettings } from '../settings.ts';
import { afterFailure, type BackOff, pauseLeft } from './back-off.ts';
import { destinationsStore } from './destinations.store.ts';

export interface DestinationsDeps {
  readonly db: Database;
  readonly settings: Pick<FederationSettings, 'backOffCapMs'>;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly background: Background;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Which servers cannot be reached, shared by everything that talks to them.
 *
 * Reachable servers take no memory. Rows are written in the background: the worst that a lost one costs is an attempt
 * too many.
 */
export class Destinations {
  readonly #deps: DestinationsDeps;
  readonly #failing = new Map<ServerName, BackOff>();
  readonly #waiting = new Map<ServerName, Set<() => void>>();
  readonly #writes = new KeyedQueue<ServerName>();

  constructor(deps: DestinationsDeps) {
    this.#deps = deps;
    deps.metrics.gauge(
      'holm_federation_unreachable_servers',
      'Other servers that are not sent to for now because they could not be reached.',
      () => this.#failing.size,
    );
  }

  /** Remembers what was known before the last stop. */
  async load(): Promise<void> {
    for (const [server, backOff] of await destinationsStore.failing(this.#deps.db)) this.#failing.set(server, backOff);
  }

  /** How long to leave this server alone; 0 when it may be tried. */
  waitMs(server: ServerName): number {
    const backOff = this.#failing.get(server);
    const { clock, settings } = this.#deps;
    return backOff === undefined ? 0 : pauseLeft(backOff, clock.now(), settings.backOffCapMs);
  }

  /** Since when the server cannot be reached; undefined if it can. */
  failingSince(server: ServerName): UnixMillis | undefined {
    return this.#failing.get(server)?.failingSince;
  }

  /** `atLeastMs`: how long it has asked to be left alone. */
  failed(server: ServerName, atLeastMs = 0): void {
    const { clock, entropy, settings, log } = this.#deps;
    const before = this.#failing.get(server);
    const chance = entropy.bytes(4).readUInt32BE() / 2 ** 32;
    const backOff = afterFailure(before, clock.now(), { capMs: settings.backOffCapMs, chance, atLeastMs });
    this.#failing.set(server, backOff);
    if (!before) log.info('server became unreachable', { server });
    this.#write(server);
  }

  succeeded(server: ServerName): void {
    if (!this.#failing.delete(server)) return;
    this.#deps.log.info('server is reachable again', { server });
    this.#write(server);
    this.#wake(server);
  }

  /** The server has sent us something, so it is worth an attempt now. The next failure waits as long as ever. */
  heardFrom(server: ServerName): void {
    const backOff = this.#failing.get(server);
    if (backOff === undefined || this.waitMs(server) === 0) return;
    this.#failing.set(server, { ...backOff, retryAt: this.#deps.clock.now() });
    this.#wake(server);
  }

  /** Resolves when the server may be tried, or when `signal` aborts. */
  async untilRetry(server: ServerName, signal: AbortSignal): Promise<void> {
    while (this.waitMs(server) > 0 && !signal.aborted) {
      const woken = new AbortController();
      const wake = () => woken.abort();
      const waiting = this.#waiting.get(server) ?? new Set();
      this.#waiting.set(server, waiting.add(wake));
      await this.#deps.clock.sleep(this.waitMs(server), AbortSignal.any([signal, woken.signal]));
      waiting.delete(wake);
      if (waiting.size === 0) this.#waiting.delete(server);
    }
  }

  #wake(server: ServerName): void {
    for (const wake of this.#waiting.get(server) ?? []) wake();
  }

  #write(server: ServerName): void {
    const { background, db } = this.#deps;
    background.run('remember how reachable a server is', () =>
      this.#writes.run(server, () => destinationsStore.put(db, server, this.#failing.get(server))),
    );
  }
}

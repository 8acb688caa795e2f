import { setTimeout as pause } from 'node:timers/promises';
import pg, { type PoolClient, type PoolConfig, type QueryConfig, type QueryResult } from 'pg';
import type { Log } from '../platform/log.ts';

/** As many as the first answer to a client asks at the same time. */
const KEPT = 4;
const PATIENCE_MS = 50;

export interface ConnectionPoolOptions extends PoolConfig {
  /** Connections at most. */
  readonly max: number;
}

/**
 * Connections to PostgreSQL. A few stay open; another is opened only once those who wait would wait long.
 *
 * A new connection is a new process, which reads the catalogue and plans every statement again: that takes more than hundreds of
 * look-ups by a process that is warm, so that a burst, of all the clients that come back after a restart, is over sooner on a few.
 */
export class ConnectionPool {
  readonly #pool: pg.Pool;
  readonly #most: number;
  readonly #log: Log;
  #open = 0;
  #served = 0;
  #isWatched = false;

  constructor({ max, ...options }: ConnectionPoolOptions, log: Log) {
    const kept = Math.min(KEPT, max);
    this.#most = max;
    this.#log = log;
    this.#pool = new pg.Pool({
      ...options,
      min: kept,
      max: kept,
      keepAlive: true,
      keepAliveInitialDelayMillis: 60_000,
    });
    // One that nobody uses; whoever uses one hears of it.
    this.#pool.on('error', (err) => log.warn('a connection to the database broke', { err }));
    this.#pool.on('connect', () => this.#open++);
    this.#pool.on('acquire', () => this.#served++);
    this.#pool.on('remove', () => {
      this.#open--;
      this.#pool.options.max = Math.max(kept, this.#pool.totalCount);
    });
  }

  query<Row extends object>(statement: QueryConfig): Promise<QueryResult<Row>> {
    const result = this.#pool.query<Row>(statement);
    this.#watch();
    return result;
  }

  /** One for somebody alone, who releases it. */
  connect(): Promise<PoolClient> {
    const client = this.#pool.connect();
    this.#watch();
    return client;
  }

  end(): Promise<void> {
    return this.#pool.end();
  }

  #watch(): void {
    // Whoever is to have one that is idle waits for it, too: until this turn is over.
    if (this.#isWatched || this.#pool.waitingCount <= this.#pool.idleCount) return;
    this.#isWatched = true;
    void this.#addWhileNeeded().finally(() => (this.#isWatched = false));
  }

  async #addWhileNeeded(): Promise<void> {
    const pool = this.#pool;
    while (pool.waitingCount > 0 && pool.options.max < this.#most && !pool.ending) {
      const before = this.#served;
      await pause(PATIENCE_MS, undefined, { ref: false });
      const isOneComing = pool.totalCount > this.#open;
      // Where as many were served as are waiting, these will be, too, in as long again.
      if (!isOneComing && pool.waitingCount > this.#served - before) await this.#add();
    }
  }

  async #add(): Promise<void> {
    this.#pool.options.max++;
    try {
      (await this.#pool.connect()).release();
    } catch (err) {
      this.#log.warn('another connection to the database could not be opened', { err });
    }
  }
}

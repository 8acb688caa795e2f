import type { PoolClient, QueryConfig } from 'pg';
import type { Log } from '../platform/log.ts';
import { stopwatch } from '../platform/stopwatch.ts';
import type { ConnectionPool } from './connection-pool.ts';
import type { Sql } from './sql.ts';

/** A snapshot to read from. A store method that takes one of these cannot write. */
export interface ReadTx {
  rows<Row>(statement: Sql): Promise<Row[]>;
}

export interface Tx extends ReadTx {
  /** Resolves to the number of rows written. */
  run(statement: Sql): Promise<number>;
  /** Runs once the rows are durable. Waking readers, sending to peers and metrics go here. */
  afterCommit(hook: () => void): void;
  /** Runs once the transaction is over, whichever way it ended. */
  afterEnd(hook: (outcome: Outcome) => void): void;
}

export type Outcome = 'committed' | 'rolled back';

const RETRYABLE = new Set(['40001', '40P01']); // serialization_failure, deadlock_detected
const MAX_ATTEMPTS = 5;
const SLOW_QUERY_MS = 200;

/** PostgreSQL: snapshots to read, transactions to write, single statements that are their own transaction. */
export class Database implements ReadTx {
  readonly #pool: ConnectionPool;
  readonly #watch: Watch;

  constructor(pool: ConnectionPool, watch: Watch) {
    this.#pool = pool;
    this.#watch = watch;
  }

  /** Several reads that see the same moment. */
  read<T>(work: (tx: ReadTx) => Promise<T>): Promise<T> {
    return this.#once('REPEATABLE READ', work);
  }

  /** All of `work`'s writes or none. May run `work` again when PostgreSQL asks for it, so keep effects in hooks. */
  async transact<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once('READ COMMITTED', work);
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || !RETRYABLE.has(codeOf(error))) throw error;
      }
    }
  }

  /** One statement outside any transaction: a single round trip, durable when it resolves. */
  async rows<Row>(statement: Sql): Promise<Row[]> {
    return (await this.#watch(statement, () => this.#pool.query(forPg(statement)))).rows as Row[];
  }

  /** As `rows`, for writes; resolves to the number of rows written. */
  async run(statement: Sql): Promise<number> {
    return (await this.#watch(statement, () => this.#pool.query(forPg(statement)))).rowCount ?? 0;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #once<T>(isolation: 'READ COMMITTED' | 'REPEATABLE READ', work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let broken: Error | undefined;
    const onError = (error: Error): void => void (broken = error);
    client.on('error', onError);
    const tx = new PgTx(client, this.#watch);
    try {
      await client.query(`BEGIN ISOLATION LEVEL ${isolation}`);
      const result = await work(tx);
      await client.query('COMMIT');
      tx.end('committed');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(onError);
      tx.end('rolled back');
      throw error;
    } finally {
      client.off('error', onError);
      client.release(broken); // a broken one is thrown away
    }
  }
}

class PgTx implements Tx {
  readonly #client: PoolClient;
  readonly #watch: Watch;
  readonly #afterCommit: (() => void)[] = [];
  readonly #afterEnd: ((outcome: Outcome) => void)[] = [];
  #open = true;

  constructor(client: PoolClient, watch: Watch) {
    this.#client = client;
    this.#watch = watch;
  }

  async rows<Row>(statement: Sql): Promise<Row[]> {
    return (await this.#query(statement)).rows as Row[];
  }

  async run(statement: Sql): Promise<number> {
    return (await this.#query(statement)).rowCount ?? 0;
  }

  afterCommit(hook: () => void): void {
    this.#afterCommit.push(hook);
  }

  afterEnd(hook: (outcome: Outcome) => void): void {
    this.#afterEnd.push(hook);
  }

  end(outcome: Outcome): void {
    this.#open = false;
    for (const hook of this.#afterEnd) hook(outcome);
    if (outcome === 'committed') for (const hook of this.#afterCommit) hook();
  }

  #query(statement: Sql) {
    // A query that outlives its transaction would run on someone else's connection.
    if (!this.#open) throw new Error('the transaction is over');
    return this.#watch(statement, () => this.#client.query(forPg(statement)));
  }
}

/** `pg` changes nothing of it. */
const forPg = (statement: Sql) => statement as QueryConfig;

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? '';

/** True when a statement failed because a row with that key exists. */
export const isDuplicate = (error: unknown): boolean => codeOf(error) === '23505';

/** Surrounds every query: times it and complains of slow ones. */
export type Watch = <T>(statement: Sql, query: () => Promise<T>) => Promise<T>;

export const watchQueries =
  (log: Log): Watch =>
  async (statement, query) => {
    const seconds = stopwatch();
    const result = await query();
    const tookMs = Math.round(seconds() * 1000);
    if (tookMs >= SLOW_QUERY_MS)
      log.warn('slow query', { query: statement.name ?? statement.text.slice(0, 80), tookMs });
    return result;
  };

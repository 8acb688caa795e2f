import { setTimeout as pause } from 'node:timers/promises';
import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import type { Log } from '../platform/log.ts';
import { stopwatch } from '../platform/stopwatch.ts';
import { isAway, isUnheard } from './broken.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { type Sql, sql } from './sql.ts';

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
const AGAIN_MS = 250;

const READ = 'BEGIN ISOLATION LEVEL REPEATABLE READ';
/** With the number by which PostgreSQL knows afterwards what has become of it. */
const WRITE = 'BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_current_xact_id() AS xact';

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
    return this.#once(READ, work);
  }

  /**
   * All of `work`'s writes or none. May run `work` again when PostgreSQL asks for it, so keep effects in hooks. When the
   * connection breaks while it is being committed, this ends once PostgreSQL can say whether it was.
   */
  async transact<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(WRITE, work);
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

  /** As `rows`, once there is a database to be asked: for who has to know what became of something. */
  async rowsWhenBack<Row>(statement: Sql): Promise<Row[]> {
    for (;;) {
      try {
        return await this.rows(statement);
      } catch (error) {
        if (!isAway(error)) throw error;
        await pause(AGAIN_MS, undefined, { ref: false });
      }
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #once<T>(begin: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    const tx = new PgTx(client, this.#watch);
    let done: Done<T>;
    try {
      done = await attempt(client, begin, () => work(tx));
      if (done.doubt && !(await this.#isCommitted(done.xact))) throw done.doubt;
    } catch (error) {
      tx.end('rolled back');
      throw error;
    }
    tx.end('committed');
    return done.result;
  }

  /** Whether a transaction was committed whose connection is gone. Should anybody still wait for its end there, this is it. */
  async #isCommitted(xact: string | undefined): Promise<boolean> {
    if (xact === undefined) return false;
    for (;;) {
      await this.rowsWhenBack(sql`
        SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE backend_xid = ${xact}::xid8::xid`);
      const [row] = await this.rowsWhenBack<{ status: string }>(sql`SELECT pg_xact_status(${xact}::xid8) AS status`);
      if (row?.status !== 'in progress') return row?.status === 'committed';
      await pause(AGAIN_MS, undefined, { ref: false });
    }
  }
}

/** A transaction that is over, unless it is in doubt whether it was committed. */
interface Done<T> {
  readonly result: T;
  readonly xact: string | undefined;
  readonly doubt: Error | undefined;
}

/** Gives the connection back. */
const attempt = async <T>(client: PoolClient, begin: string, work: () => Promise<T>): Promise<Done<T>> => {
  let broken: Error | undefined;
  const onError = (error: Error): void => void (broken = error);
  client.on('error', onError);
  try {
    const xact = xactIn(await client.query(begin));
    const result = await work();
    try {
      await client.query('COMMIT');
      return { result, xact, doubt: undefined };
    } catch (error) {
      if (!isUnheard(error)) throw error;
      broken ??= error as Error;
      return { result, xact, doubt: broken };
    }
  } catch (error) {
    await client.query('ROLLBACK').catch(onError);
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken); // a broken one is thrown away
  }
};

/** Of several statements there are several results, which `pg` does not say. */
const xactIn = (begun: QueryResult | readonly QueryResult[]): string | undefined =>
  Array.isArray(begun) ? (begun as readonly QueryResult<{ xact: string }>[]).at(-1)?.rows[0]?.xact : undefined;

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

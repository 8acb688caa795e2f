import pg from 'pg';
import type { Log } from '../platform/log.ts';
import { Database, watchQueries } from './database.ts';
import { migrateHere, type Migrate } from './migrate.ts';
import { migrations } from './migrations/index.ts';

export interface ConnectOptions {
  readonly url: string;
  /** Connections at most. */
  readonly poolSize: number;
  readonly statementTimeoutMs: number;
  readonly log: Log;
  /** Everything happens in this schema; tests give each server its own. */
  readonly schema?: string;
  /** By whom the tables are brought up to date; in this very process unless something else is said. */
  readonly migrate?: Migrate;
}

// All our 64-bit numbers stay below 2^53; node-postgres would hand them out as strings.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/**
 * Some connections stay open on a server that has little to do, as many as the first answer to a client asks at the same time. A new
 * one is a new process of PostgreSQL's, which has to read its catalogue and to plan every statement again: far more than the next
 * message or the next job takes otherwise.
 */
const KEPT = { min: 4, keepAlive: true, keepAliveInitialDelayMillis: 60_000 } as const;

/** Opens the pool and brings the tables up to date. */
export const connect = async ({ migrate = migrateHere, ...options }: ConnectOptions): Promise<Database> => {
  const { url, poolSize, statementTimeoutMs, log, schema } = options;
  const path = schema === undefined ? {} : { options: `-c search_path=${schema}` };
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    statement_timeout: statementTimeoutMs,
    ...KEPT,
    ...path,
  });
  // One that nobody uses; whoever uses one hears of it.
  pool.on('error', (err) => log.warn('a connection to the database broke', { err }));
  try {
    if (!(await isUpToDate(pool))) {
      await migrate({ url, statementTimeoutMs, ...(schema !== undefined && { schema }) });
    }
    return new Database(pool, watchQueries(log));
  } catch (error) {
    await pool.end();
    throw error;
  }
};

/** Whether there is nothing to migrate, which is nearly always so: then TypeORM, which would do it, is not even loaded. */
const isUpToDate = async (pool: pg.Pool): Promise<boolean> => {
  const { rowCount } = await pool.query(`SELECT WHERE to_regclass('migrations') IS NOT NULL`);
  if (rowCount === 0) return false;
  const { rows } = await pool.query<{ name: string }>('SELECT name FROM migrations');
  const done = new Set(rows.map(({ name }) => name));
  return migrations.every(({ name }) => done.has(name));
};

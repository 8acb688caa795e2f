import pg from 'pg';
import type { Log } from '../platform/log.ts';
import { ConnectionPool } from './connection-pool.ts';
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
 * A statement is planned once on each connection, whatever its values are: planning it with them, as PostgreSQL does the first five
 * times or for ever, takes longer than our statements run. One that needs another plan where a value is absent is written as two.
 * No statement is compiled: those that are expected to read much, without a look at the values, mostly read little.
 */
const PLANNING = '-c plan_cache_mode=force_generic_plan -c jit=off';

/** Opens the database and brings the tables up to date. */
export const connect = async ({ migrate = migrateHere, ...options }: ConnectOptions): Promise<Database> => {
  const { url, poolSize, statementTimeoutMs, log, schema } = options;
  const path = schema === undefined ? '' : ` -c search_path=${schema}`;
  const pool = new ConnectionPool(
    { connectionString: url, max: poolSize, statement_timeout: statementTimeoutMs, options: PLANNING + path },
    log,
  );
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
const isUpToDate = async (pool: ConnectionPool): Promise<boolean> => {
  const { rowCount } = await pool.query({ text: `SELECT WHERE to_regclass('migrations') IS NOT NULL` });
  if (rowCount === 0) return false;
  const { rows } = await pool.query<{ name: string }>({ text: 'SELECT name FROM migrations' });
  const done = new Set(rows.map(({ name }) => name));
  return migrations.every(({ name }) => done.has(name));
};

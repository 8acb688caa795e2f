import 'reflect-metadata';
import pg, { type Pool } from 'pg';
import { DataSource, type EntitySchema } from 'typeorm';
import type { Log } from '../platform/log.ts';
import { Database, watchQueries } from './database.ts';
import { migrations } from './migrations/index.ts';

export interface ConnectOptions {
  readonly url: string;
  /** Connections at most. */
  readonly poolSize: number;
  readonly statementTimeoutMs: number;
  readonly log: Log;
  readonly entities: readonly EntitySchema[];
  /** Everything happens in this schema; tests give each server its own. */
  readonly schema?: string;
}

// All our 64-bit numbers stay below 2^53; node-postgres would hand them out as strings.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** Opens the pool and brings the tables up to date. */
export const connect = async (options: ConnectOptions): Promise<Database> => {
  const { url, poolSize, statementTimeoutMs, log, entities, schema } = options;
  const source = new DataSource({
    type: 'postgres',
    url,
    poolSize,
    installExtensions: false,
    entities: [...entities],
    migrations: [...migrations],
    ...(schema !== undefined && { schema }),
    extra: {
      statement_timeout: statementTimeoutMs,
      ...(schema !== undefined && { options: `-c search_path=${schema}` }),
    },
  });
  await source.initialize();
  await source.runMigrations({ transaction: 'each' });
  const pool = (source.driver as unknown as { master: Pool }).master;
  return new Database(source, pool, watchQueries(log));
};

import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { migrations } from './index.ts';

/** A database whose tables are to be brought up to date. */
export interface Outdated {
  readonly url: string;
  readonly statementTimeoutMs: number;
  readonly schema?: string;
}

/** What is missing, in the order of the numbers, each in a transaction. The only place where TypeORM is used. */
export const runMigrations = async ({ url, statementTimeoutMs, schema }: Outdated): Promise<void> => {
  const source = new DataSource({
    type: 'postgres',
    url,
    poolSize: 1,
    installExtensions: false,
    migrations: [...migrations],
    ...(schema !== undefined && { schema }),
    extra: {
      statement_timeout: statementTimeoutMs,
      ...(schema !== undefined && { options: `-c search_path=${schema}` }),
    },
  });
  await source.initialize();
  try {
    await source.runMigrations({ transaction: 'each' });
  } finally {
    await source.destroy();
  }
};

import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { silentLog } from '../platform/log.ts';
import { connect } from '../storage/connect.ts';
import type { Database } from '../storage/database.ts';
import type { Sql } from '../storage/sql.ts';

/** Where the tests' PostgreSQL is; the test run's set-up says so. */
export const testDatabaseUrl = (): string => {
  const url = process.env['TEST_DATABASE_URL'];
  if (url === undefined) throw new Error('TEST_DATABASE_URL is not set; run the tests with npm test');
  return url;
};

/** A database of its own, that vanishes with the fixture. */
export interface TestSchema extends AsyncDisposable {
  readonly schema: string;
  /** What is in its tables, for tests that look behind the server's back. */
  rows<Row>(statement: Sql): Promise<Row[]>;
}

export const createTestSchema = async (): Promise<TestSchema> => {
  const schema = `test_${randomBytes(6).toString('hex')}`;
  const once = async ({ text, values }: Sql): Promise<unknown[]> => {
    const client = new pg.Client({ connectionString: testDatabaseUrl(), options: `-c search_path=${schema}` });
    await client.connect();
    const { rows } = await client.query(text, [...values]).finally(() => client.end());
    return rows as unknown[];
  };
  const command = async (text: string): Promise<void> => {
    await once({ text, values: [] });
  };
  await command(`CREATE SCHEMA ${schema}`);
  return {
    schema,
    rows: <Row>(statement: Sql) => once(statement) as Promise<Row[]>,
    [Symbol.asyncDispose]: () => command(`DROP SCHEMA ${schema} CASCADE`),
  };
};

export interface TestDatabase extends AsyncDisposable {
  readonly db: Database;
}

export const createTestDatabase = async (): Promise<TestDatabase> => {
  const schema = await createTestSchema();
  const db = await connect({
    url: testDatabaseUrl(),
    schema: schema.schema,
    poolSize: 5,
    statementTimeoutMs: 10_000,
    log: silentLog,
  });
  return {
    db,
    async [Symbol.asyncDispose]() {
      await db.close();
      await schema[Symbol.asyncDispose]();
    },
  };
};

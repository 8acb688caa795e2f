import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { EntitySchema } from 'typeorm';
import { silentLog } from '../platform/log.ts';
import { connect } from '../storage/connect.ts';
import type { Database } from '../storage/database.ts';

/** Where the tests' PostgreSQL is; the test run's set-up says so. */
export const testDatabaseUrl = (): string => {
  const url = process.env['TEST_DATABASE_URL'];
  if (url === undefined) throw new Error('TEST_DATABASE_URL is not set; run the tests with npm test');
  return url;
};

/** A database of its own, that vanishes with the fixture. */
export const createTestSchema = async (): Promise<AsyncDisposable & { readonly schema: string }> => {
  const schema = `test_${randomBytes(6).toString('hex')}`;
  const once = async (statement: string) => {
    const client = new pg.Client({ connectionString: testDatabaseUrl() });
    await client.connect();
    await client.query(statement);
    await client.end();
  };
  await once(`CREATE SCHEMA ${schema}`);
  return { schema, [Symbol.asyncDispose]: () => once(`DROP SCHEMA ${schema} CASCADE`) };
};

export interface TestDatabase extends AsyncDisposable {
  readonly db: Database;
}

export const createTestDatabase = async (entities: readonly EntitySchema[] = []): Promise<TestDatabase> => {
  const schema = await createTestSchema();
  const db = await connect({
    url: testDatabaseUrl(),
    schema: schema.schema,
    poolSize: 5,
    statementTimeoutMs: 10_000,
    log: silentLog,
    entities,
  });
  return {
    db,
    async [Symbol.asyncDispose]() {
      await db.close();
      await schema[Symbol.asyncDispose]();
    },
  };
};

import { randomBytes } from 'node:crypto';
import { testDatabaseUrl } from '@holm/homeserver/testing/database';
import pg from 'pg';

/** A database of its own for a server that is another process; gone with the test. */
export const createDatabase = async (): Promise<AsyncDisposable & { readonly url: string }> => {
  const name = `holm_test_${randomBytes(6).toString('hex')}`;
  const once = async (statement: string) => {
    const client = new pg.Client({ connectionString: testDatabaseUrl() });
    await client.connect();
    await client.query(statement);
    await client.end();
  };
  await once(`CREATE DATABASE ${name}`);
  const url = new URL(testDatabaseUrl());
  url.pathname = `/${name}`;
  return { url: url.href, [Symbol.asyncDispose]: () => once(`DROP DATABASE ${name} WITH (FORCE)`) };
};

import { randomBytes } from 'node:crypto';
import { testDatabaseUrl } from '@holm/homeserver/testing/database';
import pg from 'pg';

/** A database of its own for a server that is another process; gone with the test. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  /** For looking into it, or for breaking it. */
  readonly run: (statement: string) => Promise<void>;
}

const runAt = async (url: string, statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    // One that is left open would be cut off, and say so to nobody in particular, when its database goes.
    await client.end();
  }
};

export const createDatabase = async (): Promise<TestDatabase> => {
  const name = `holm_test_${randomBytes(6).toString('hex')}`;
  const url = new URL(testDatabaseUrl());
  url.pathname = `/${name}`;
  await runAt(testDatabaseUrl(), `CREATE DATABASE ${name}`);
  return {
    url: url.href,
    run: (statement) => runAt(url.href, statement),
    [Symbol.asyncDispose]: () => runAt(testDatabaseUrl(), `DROP DATABASE ${name} WITH (FORCE)`),
  };
};

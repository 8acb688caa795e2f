import { mock } from 'node:test';
import { expect } from 'chai';
import { silentLog } from '../platform/log.ts';
import { createTestSchema, testDatabaseUrl } from '../testing/database.ts';
import { connect } from './connect.ts';
import { sql } from './sql.ts';

const NEVER_MS = 24 * 3_600_000;

describe('connecting to the database', () => {
  afterEach(() => mock.timers.reset());

  it('closes connections that are not needed, but for those that the first answer asks at the same time', async () => {
    await using database = await createTestSchema();
    const { schema } = database;
    const url = new URL(testDatabaseUrl());
    url.searchParams.set('application_name', schema);
    mock.timers.enable({ apis: ['setTimeout'] });
    const db = await connect({ url: url.href, schema, poolSize: 7, statementTimeoutMs: 10_000, log: silentLog });
    try {
      const open = async (): Promise<number> => {
        const [row] = await database.rows<{ count: number }>(
          sql`SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = ${schema}`,
        );
        return row?.count ?? 0;
      };
      /** Each of seven transactions waits for all the others. */
      const begun = Array.from({ length: 7 }, () => Promise.withResolvers<void>());
      const all = Promise.all(begun.map(({ promise }) => promise));
      await Promise.all(
        begun.map(({ resolve }) =>
          db.read(async (tx) => {
            await tx.rows(sql`SELECT 1`);
            resolve();
            await all;
          }),
        ),
      );
      expect(await open()).to.equal(7);
      mock.timers.tick(NEVER_MS);
      for (let tries = 0; tries < 1_000 && (await open()) > 4; tries++);
      mock.timers.tick(NEVER_MS);
      expect(await db.rows(sql`SELECT 1 AS one`)).to.eql([{ one: 1 }]);
      expect(await open()).to.equal(4);
    } finally {
      await db.close();
    }
  });
});

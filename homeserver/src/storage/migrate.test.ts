import { expect } from 'chai';
import { createTestSchema, testDatabaseUrl } from '../testing/database.ts';
import { migrateAside } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { sql } from './sql.ts';

describe('bringing a database up to date in a process of its own', function () {
  this.timeout(60_000);
  const statementTimeoutMs = 10_000;

  it('does all that is missing', async () => {
    await using database = await createTestSchema();
    await migrateAside({ url: testDatabaseUrl(), schema: database.schema, statementTimeoutMs });
    const done = await database.rows<{ name: string }>(sql`SELECT name FROM migrations`);
    expect(done.map(({ name }) => name)).to.have.members(migrations.map(({ name }) => name));
  });

  it('says why it cannot', async () => {
    const url = new URL(testDatabaseUrl());
    url.pathname = '/nowhere';
    const refusal = await migrateAside({ url: url.href, statementTimeoutMs }).catch((error: unknown) => error);
    expect((refusal as Error).message).to.match(/could not be brought up to date: [^]*"nowhere" does not exist/);
  });
});

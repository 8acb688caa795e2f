import { expect } from 'chai';
import fc from 'fast-check';
import { ServerName } from '@holm/spec/ids';
import { sql } from '../../storage/sql.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { outboxStore } from './outbox.store.ts';
import { RecentRows } from './recent-rows.ts';

const A = ServerName.parse('a.test');
const B = ServerName.parse('b.test');

describe('the rows kept for all destinations', () => {
  let database: TestDatabase;

  before(async () => {
    database = await createTestDatabase();
    // 3,000 positions, every third of them empty; more than are kept.
    await database.db.run(sql`
      INSERT INTO outbox (position, event_nid, destinations)
      SELECT p, p * 10, CASE WHEN p % 2 = 0 THEN ARRAY['a.test'] ELSE ARRAY['a.test', 'b.test'] END
        FROM generate_series(1, 3000) p WHERE p % 3 > 0`);
  });
  after(() => database[Symbol.asyncDispose]());

  it('give what the database would give, wherever a destination is', async () => {
    const { db } = database;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 3000 }),
        fc.array(fc.tuple(fc.nat(3000), fc.nat(3000), fc.constantFrom(A, B)), { maxLength: 6 }),
        async (settled, questions) => {
          const rows = new RecentRows(db, settled);
          for (const [sentPosition, upTo, server] of questions) {
            const behind = { server, sentPosition };
            const expected = await outboxStore.next(db, behind, upTo, 50);
            expect((await rows.next(behind, upTo, 50)).map(({ position }) => position)).to.eql(
              expected.map(({ position }) => position),
            );
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

import { expect } from 'chai';
import { sql } from '../../storage/sql.ts';
import { createTestDatabase } from '../../testing/database.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { expireTransactions } from './txn-expiry.ts';

const DAY_MS = 24 * 3_600_000;

describe('expireTransactions', () => {
  it('forgets transactions that are a week old, and no others', async () => {
    await using fixture = await createTestDatabase();
    const { db } = fixture;
    const clock = new ManualClock();
    const add = (nid: number) => db.run(sql`INSERT INTO send_txns VALUES (${Buffer.from([nid])}, ${nid})`);
    const left = async () => {
      const rows = await db.rows<{ event_nid: number }>(sql`SELECT event_nid FROM send_txns ORDER BY event_nid`);
      return rows.map((row) => row.event_nid);
    };
    await add(1);
    await expireTransactions(db, clock);
    clock.advance(6 * DAY_MS);
    await add(2);
    await expireTransactions(db, clock);
    expect(await left()).to.eql([1, 2]);
    clock.advance(DAY_MS);
    await expireTransactions(db, clock);
    expect(await left()).to.eql([2]);
    clock.advance(7 * DAY_MS);
    await expireTransactions(db, clock);
    expect(await left()).to.eql([]);
  });
});

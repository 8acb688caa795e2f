import { expect } from 'chai';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { Numbers } from './numbers.ts';

describe('numbers from the database', () => {
  let database: TestDatabase;
  before(async () => (database = await createTestDatabase()));
  after(() => database[Symbol.asyncDispose]());

  it('are there for each of those who wait for many at once', async () => {
    const numbers = new Numbers(database.db, 'event_nids');
    const takeMany = (): number[] => Array.from({ length: 900 }, () => numbers.take());
    // One block has places for one of them.
    const taken = await Promise.all([1, 2, 3].map(() => numbers.whenAtHand(900, takeMany)));
    expect(new Set(taken.flat()).size).to.equal(2_700);
  });
});

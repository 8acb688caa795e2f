import { expect } from 'chai';
import type { Tx } from '../storage/database.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { SequencedStream } from './sequenced-stream.ts';
import type { Position } from './stream.ts';

/** Of the tests' pool. */
const CONNECTIONS = 5;
/** So many numbers are taken from the database together. */
const BLOCK = 1_000;
const MANY = 2.5 * BLOCK;

describe('a stream whose positions come from the database', () => {
  let database: TestDatabase;
  let stream: SequencedStream;
  beforeEach(async () => {
    database = await createTestDatabase();
    stream = await SequencedStream.open(database.db, 'test', 'receipt_positions');
  });
  afterEach(() => database[Symbol.asyncDispose]());

  it('gives however many writers wait at once a place each, in ascending order', async () => {
    const claimed: Position[] = [];
    const before = stream.settled;
    await Promise.all(Array.from({ length: MANY }, async () => claimed.push(await stream.claimNext())));
    expect(new Set(claimed).size).to.equal(MANY);
    expect(claimed).to.eql(claimed.toSorted((a, b) => a - b));
    expect(stream.settled).to.be.within(before, claimed[0]! - 1);
    const [first, ...others] = claimed;
    for (const position of others) stream.release(position);
    expect(stream.settled).to.equal(first! - 1);
    stream.release(first!);
    expect(stream.settled).to.equal(claimed.at(-1));
  });

  it('gives them to transactions that hold all connections, and to others who wait for one', async () => {
    // The first of the block is where the stream begins: none is at hand any more.
    for (let n = 1; n < BLOCK; n++) stream.release(await stream.claimNext());
    const newest = stream.settled;
    let begun = 0;
    let onAll = (): void => undefined;
    const all = new Promise<void>((resolve) => (onAll = resolve));
    const work = async (tx: Tx): Promise<Position> => {
      if (++begun === CONNECTIONS) onAll();
      await all;
      return stream.claimNext(tx);
    };
    const inside = Array.from({ length: CONNECTIONS }, () => database.db.transact(work));
    await all;
    const outside = Array.from({ length: CONNECTIONS }, () => stream.claimNext());
    const claimed = await Promise.all([...inside, ...outside]);
    expect(new Set(claimed).size).to.equal(2 * CONNECTIONS);
    for (const position of claimed) expect(position).to.be.greaterThan(newest);
    // The oldest is in flight, in whichever order the database has answered.
    expect(stream.settled).to.equal(Math.min(...claimed) - 1);
  });
});

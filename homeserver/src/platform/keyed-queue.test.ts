import { expect } from 'chai';
import { KeyedQueue } from './keyed-queue.ts';

describe('KeyedQueue', () => {
  it('keeps the order within a key, in spite of failures', async () => {
    const queue = new KeyedQueue<string>();
    const seen: string[] = [];
    const gate = Promise.withResolvers<void>();
    const first = queue.run('a', async () => {
      await gate.promise;
      seen.push('first');
      throw new Error('expected');
    });
    const second = queue.run('a', async () => seen.push('second'));
    await queue.run('b', async () => seen.push('other key'));
    gate.resolve();
    expect(await first.catch((error: unknown) => (error as Error).message)).to.equal('expected');
    await second;
    expect(seen).to.eql(['other key', 'first', 'second']);
    await queue.idle();
    expect(queue.size).to.equal(0);
  });
});

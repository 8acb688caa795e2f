import { expect } from 'chai';
import { Gather } from './gather.ts';

describe('Gather', () => {
  /** Look-ups that end when they are told to. */
  const fixture = () => {
    const asked: { readonly keys: readonly number[]; readonly end: (error?: Error) => void }[] = [];
    const gather = new Gather<number, string>((keys) => {
      const { promise, resolve, reject } = Promise.withResolvers<ReadonlyMap<number, string>>();
      const found = new Map(keys.map((key) => [key, `value ${key}`]));
      asked.push({ keys, end: (error) => (error ? reject(error) : resolve(found)) });
      return promise;
    });
    return { gather, asked };
  };

  it('asks at once, and once for all that came meanwhile', async () => {
    const { gather, asked } = fixture();
    const first = gather.load([1]);
    const others = [gather.load([2, 3]), gather.load([3, 4])];
    expect(asked.map(({ keys }) => keys)).to.eql([[1]]);
    asked[0]?.end();
    expect((await first).get(1)).to.equal('value 1');
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked.map(({ keys }) => keys)).to.eql([[1], [2, 3, 4]]);
    asked[1]?.end();
    for (const other of others) expect((await other).get(3)).to.equal('value 3');
    void gather.load([5]);
    expect(asked).to.have.length(3);
    asked[2]?.end();
  });

  it('tells of a failure those whom it concerns alone', async () => {
    const { gather, asked } = fixture();
    const first = gather.load([1]);
    const second = gather.load([2]);
    asked[0]?.end(new Error('gone'));
    expect(await first.catch((error: unknown) => error)).to.have.property('message', 'gone');
    await new Promise((resolve) => setImmediate(resolve));
    asked[1]?.end();
    expect((await second).get(2)).to.equal('value 2');
  });
});

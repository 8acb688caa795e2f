import { expect } from 'chai';
import { Gather, type Patience } from './gather.ts';

describe('Gather', () => {
  /** Look-ups that end when they are told to. */
  const fixture = (patience?: Patience) => {
    const asked: { readonly keys: readonly number[]; readonly end: (error?: Error) => void }[] = [];
    const gather = new Gather<number, string>((keys) => {
      const { promise, resolve, reject } = Promise.withResolvers<ReadonlyMap<number, string>>();
      const found = new Map(keys.map((key) => [key, `value ${key}`]));
      asked.push({ keys, end: (error) => (error ? reject(error) : resolve(found)) });
      return promise;
    }, patience);
    return { gather, asked };
  };

  const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

  it('asks once for all that come at the same moment, and once for all that come meanwhile', async () => {
    const { gather, asked } = fixture();
    const together = [gather.load([1]), Promise.resolve().then(() => gather.load([2]))];
    await nextTurn();
    const others = [gather.load([2, 3]), gather.load([3, 4])];
    await nextTurn();
    expect(asked.map(({ keys }) => keys)).to.eql([[1, 2]]);
    asked[0]?.end();
    for (const one of together) expect((await one).get(1)).to.equal('value 1');
    await nextTurn();
    expect(asked.map(({ keys }) => keys)).to.eql([
      [1, 2],
      [2, 3, 4],
    ]);
    asked[1]?.end();
    for (const other of others) expect((await other).get(3)).to.equal('value 3');
    void gather.load([5]);
    await nextTurn();
    expect(asked).to.have.length(3);
    asked[2]?.end();
  });

  it('keeps those together who go on with what they were told', async () => {
    const { gather, asked } = fixture();
    const walk = async (start: number) => {
      await gather.load([start]);
      // Some take more steps than others until they ask again.
      for (let i = 0; i < start; i++) await Promise.resolve();
      await gather.load([start + 10]);
    };
    const walks = Promise.all([walk(1), walk(2), walk(3)]);
    for (let i = 0; i < 2; i++) {
      await nextTurn();
      asked[i]?.end();
    }
    await walks;
    expect(asked.map(({ keys }) => keys)).to.eql([
      [1, 2, 3],
      [11, 12, 13],
    ]);
  });

  it('can wait for those who come the same time round the loop', async () => {
    for (const [patience, expected] of [
      ['moment', [[1], [2]]],
      ['round', [[1, 2]]],
    ] as const) {
      const { gather, asked } = fixture(patience);
      const loads: Promise<unknown>[] = [];
      // Each in a call of its own from the loop, as requests are.
      for (const key of [1, 2]) setImmediate(() => loads.push(gather.load([key])));
      for (let i = 0; i < 6; i++) {
        await nextTurn();
        for (const { end } of asked) end();
      }
      expect(loads).to.have.length(2);
      await Promise.all(loads);
      expect(asked.map(({ keys }) => keys)).to.eql(expected);
    }
  });

  it('tells of a failure those whom it concerns alone', async () => {
    const { gather, asked } = fixture();
    const first = gather.load([1]);
    await nextTurn();
    const second = gather.load([2]);
    asked[0]?.end(new Error('gone'));
    expect(await first.catch((error: unknown) => error)).to.have.property('message', 'gone');
    await nextTurn();
    asked[1]?.end();
    expect((await second).get(2)).to.equal('value 2');
  });
});

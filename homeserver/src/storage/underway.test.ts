import { expect } from 'chai';
import { Underway } from './underway.ts';

describe('what is on its way', () => {
  it('is not asked for again, and is waited for', async () => {
    const asked: (readonly number[])[] = [];
    const going: PromiseWithResolvers<void>[] = [];
    const told: string[] = [];
    const underway = new Underway<number>(String, (some, limit) => {
      asked.push([...some, limit]);
      going.push(Promise.withResolvers());
      return going.at(-1)!.promise;
    });
    const load = (name: string, items: readonly number[], limit = 20) =>
      underway.load(items, limit).then(
        () => told.push(name),
        () => told.push(`${name} failed`),
      );
    const all = [load('both', [1, 2]), load('one more', [2, 3]), load('nothing new', [1])];
    expect(asked).to.eql([
      [1, 2, 20],
      [3, 20],
    ]);
    going[0]!.resolve();
    await all[0];
    await all[2];
    expect(told).to.have.members(['both', 'nothing new']);
    const again = load('again', [1, 3]);
    expect(asked.at(-1)).to.eql([1, 20]);
    void load('more of it', [3], 50);
    expect(asked.at(-1)).to.eql([3, 50]);
    going[1]!.reject(new Error('lost'));
    going[2]!.resolve();
    await Promise.all([...all, again]);
    expect(told.slice(2)).to.have.members(['one more failed', 'again failed']);
    void load('later', [3]);
    expect(asked.at(-1)).to.eql([3, 20]);
  });
});

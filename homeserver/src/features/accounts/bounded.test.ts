import { expect } from 'chai';
import { Bounded } from './bounded.ts';

describe('Bounded', () => {
  it('runs no more at once than allowed, in order, and turns the rest away', async () => {
    const bounded = new Bounded(2, 1);
    const started: number[] = [];
    const gates = [0, 1, 2].map(() => Promise.withResolvers<void>());
    const work = (i: number) => () => {
      started.push(i);
      return gates[i]!.promise;
    };
    const first = [0, 1, 2].map((i) => bounded.run(work(i)));
    expect(bounded.run(async () => undefined)).to.equal(undefined);
    expect(started).to.eql([0, 1]);
    gates[1]!.resolve();
    await first[1];
    await Promise.resolve();
    expect(started).to.eql([0, 1, 2]);
    gates[0]!.resolve();
    gates[2]!.resolve();
    await Promise.all([first[0], first[2]]);
  });

  it('makes room after a failure too', async () => {
    const bounded = new Bounded(1, 0);
    await bounded.run(() => Promise.reject(new Error('no')))?.catch(() => undefined);
    expect(await bounded.run(async () => 'yes')).to.equal('yes');
  });
});

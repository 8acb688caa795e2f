import { expect } from 'chai';
import { Slots } from './slots.ts';

describe('slots', () => {
  it('run so much at a time, in the order in which it came, also after failures', async () => {
    const slots = new Slots(2);
    const order: number[] = [];
    let [running, most] = [0, 0];
    const work = (index: number) => async () => {
      order.push(index);
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
      if (index % 3 === 0) throw new Error('no');
      return index;
    };
    const results = await Promise.allSettled(Array.from({ length: 10 }, (_, index) => slots.run(work(index))));
    expect(most).to.equal(2);
    expect(order).to.deep.equal([...order].sort((a, b) => a - b));
    expect(results.filter(({ status }) => status === 'rejected')).to.have.length(4);
    expect([slots.isIdle, slots.waiting]).to.deep.equal([true, 0]);
  });
});

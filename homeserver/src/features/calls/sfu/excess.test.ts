import { expect } from 'chai';
import { Excess } from './excess.ts';

describe('sending too much', () => {
  const LIMIT_KBIT = 1_000;
  /** What is said of somebody who sends so many kilobit in each second. */
  const judged = (rates: readonly number[], everyMs = 1_000): boolean[] => {
    const excess = new Excess(LIMIT_KBIT * 1_000);
    const sender = {};
    let bytes = 0;
    let now = 5_000;
    excess.isTooMuch(sender, bytes, now);
    return rates.map((kbit) => {
      bytes += (kbit * everyMs) / 8;
      now += everyMs;
      return excess.isTooMuch(sender, bytes, now);
    });
  };

  it('is to go on with it', () => {
    expect(judged([2_000, 2_000, 2_000])).to.eql([false, true, true]);
  });
  it('is not a burst', () => {
    expect(judged([3_000, 900, 3_000, 900])).to.eql([false, false, false, false]);
  });
  it('is not a little more than the limit', () => {
    expect(judged([1_400, 1_400, 1_400])).to.eql([false, false, false]);
  });
  it('is measured over the time that has passed', () => {
    expect(judged([900, 900, 900], 4_000)).to.eql([false, false, false]);
  });
  it('is not concluded from a clock that stands or goes back', () => {
    const excess = new Excess(1);
    const sender = {};
    for (const now of [10_000, 10_000, 9_000, 8_000])
      expect(excess.isTooMuch(sender, now * 1_000, now)).to.equal(false);
  });
  it('is judged one by one', () => {
    const excess = new Excess(1_000);
    const [loud, quiet] = [{}, {}];
    for (const now of [0, 1_000, 2_000]) {
      expect(excess.isTooMuch(quiet, 0, now)).to.equal(false);
      expect(excess.isTooMuch(loud, now * 10, now)).to.equal(now === 2_000);
    }
  });
});

import { expect } from 'chai';
import { ManualClock } from '../testing/manual-clock.ts';
import { SteadyClock } from './steady-clock.ts';

describe('a steady clock', () => {
  it('goes on, whatever the other one is set to', () => {
    const clock = new ManualClock();
    const steady = new SteadyClock(clock);
    const start = steady.now();
    const passed = (ms: number): number => {
      clock.advance(ms);
      return steady.now() - start;
    };
    expect([passed(0), passed(300), passed(-3_600_000), passed(50), passed(-7), passed(50)]).to.eql([
      0, 300, 300, 350, 350, 400,
    ]);
    expect(passed(3_600_000)).to.equal(3_600_400);
  });
});

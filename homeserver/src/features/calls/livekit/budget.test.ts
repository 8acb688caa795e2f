import { expect } from 'chai';
import { ManualClock } from '../../../testing/manual-clock.ts';
import { Budget } from './budget.ts';

describe('a budget', () => {
  const spend = (budget: Budget, times: number) =>
    Array.from({ length: times }, () => budget.take()).filter(Boolean).length;

  it('gives so many at once, and so many a second', () => {
    const clock = new ManualClock();
    const budget = new Budget(clock, { burst: 10, perSecond: 2 });
    expect(spend(budget, 30)).to.equal(10);
    clock.advance(1_500);
    expect(spend(budget, 30)).to.equal(3);
    clock.advance(3_600_000);
    expect(spend(budget, 30)).to.equal(10);
  });

  it('is spent sooner on what costs more', () => {
    const budget = new Budget(new ManualClock(), { burst: 10, perSecond: 2 });
    expect([budget.take(6), budget.take(6), budget.take(4), budget.take(0), budget.take()]).to.eql([
      true,
      false,
      true,
      true,
      false,
    ]);
  });

  it('is not spent by asking in vain', () => {
    const clock = new ManualClock();
    const budget = new Budget(clock, { burst: 1, perSecond: 1 });
    spend(budget, 100);
    clock.advance(1_000);
    expect(budget.take()).to.equal(true);
  });
});

import { MatrixError } from '@holm/spec/errors';
import { expect } from 'chai';
import { ManualClock } from '../testing/manual-clock.ts';
import { type LimitClass, type Rate, RateLimits } from './rate-limit.ts';

const rates = (login: Rate): Record<LimitClass, Rate> => ({
  login,
  registration: 'off',
  message: 'off',
  join: 'off',
  invite: 'off',
  directory: 'off',
  media: 'off',
  call: 'off',
  other: { per_second: 1, burst: 1 },
  federation: 'off',
  policed: 'off',
});

const retryAfter = (limits: RateLimits, key = 'alice'): unknown => {
  try {
    limits.take('login', key);
  } catch (error) {
    if (error instanceof MatrixError && error.errcode === 'M_LIMIT_EXCEEDED') return error.extra['retry_after_ms'];
    throw error;
  }
  return 'taken';
};

describe('rate limits', () => {
  it('lets a burst through, then as many as the rate says', () => {
    const clock = new ManualClock();
    const limits = new RateLimits(rates({ per_second: 2, burst: 3 }), clock);
    const take = () => retryAfter(limits);
    expect([take(), take(), take(), take()]).to.eql(['taken', 'taken', 'taken', 500]);
    clock.advance(200);
    expect(take()).to.equal(300);
    clock.advance(300);
    expect([take(), take()]).to.eql(['taken', 500]);
    clock.advance(60_000);
    expect([take(), take(), take(), take()]).to.eql(['taken', 'taken', 'taken', 500]);
  });

  it('counts keys and classes apart', () => {
    const limits = new RateLimits(rates({ per_second: 1, burst: 1 }), new ManualClock());
    expect([retryAfter(limits), retryAfter(limits), retryAfter(limits, 'bob')]).to.eql(['taken', 1000, 'taken']);
    limits.take('other', 'alice');
  });

  it('can be asked without taking, and be left in debt by what costs more', () => {
    const clock = new ManualClock();
    const limits = new RateLimits(rates({ per_second: 1, burst: 3 }), clock);
    for (let n = 0; n < 5; n++) limits.assertLeft('login', 'alice');
    limits.take('login', 'alice', 5);
    expect(() => limits.assertLeft('login', 'alice')).to.throw(MatrixError);
    expect(retryAfter(limits)).to.equal(3000);
    clock.advance(3000);
    expect(retryAfter(limits)).to.equal('taken');
  });

  it('makes nobody wait longer because the clock is set back', () => {
    const clock = new ManualClock();
    const limits = new RateLimits(rates({ per_second: 1, burst: 2 }), clock);
    expect([retryAfter(limits), retryAfter(limits), retryAfter(limits)]).to.eql(['taken', 'taken', 1000]);
    clock.advance(-3_600_000);
    expect(retryAfter(limits)).to.equal(1000);
    clock.advance(1_000);
    expect([retryAfter(limits), retryAfter(limits)]).to.eql(['taken', 1000]);
  });

  it('can be off', () => {
    const limits = new RateLimits(rates('off'), new ManualClock());
    for (let n = 0; n < 100; n++) expect(retryAfter(limits)).to.equal('taken');
    expect(limits.size).to.equal(0);
  });

  it('remembers a bounded number of keys, the latest', () => {
    const limits = new RateLimits(rates({ per_second: 1, burst: 1 }), new ManualClock());
    for (let n = 0; n <= 50_000; n++) limits.take('login', `user ${n}`);
    expect(limits.size).to.equal(50_000);
    expect(retryAfter(limits, 'user 50000')).to.equal(1000);
    expect(retryAfter(limits, 'user 0')).to.equal('taken');
  });
});

import { expect } from 'chai';
import type { UnixMillis } from '../../platform/clock.ts';
import { dateAfter } from './date.ts';

const NOW = 1_700_000_000_000 as UnixMillis;
const MINUTE_MS = 60_000;

describe('the date of a state event', () => {
  const dated = (...offsets: readonly number[]) =>
    dateAfter(
      offsets.map((offset) => ({ event: { sentAt: NOW + offset } })),
      NOW,
    ) - NOW;

  it('is that of the clock', () => {
    expect(dated()).to.equal(0);
    expect(dated(-1, -MINUTE_MS)).to.equal(0);
  });

  it('is later than those of what it rests on, where these are of the same moment or our clock was put back', () => {
    expect(dated(0)).to.equal(1);
    expect(dated(-5, 3, 0)).to.equal(4);
    expect(dated(MINUTE_MS)).to.equal(MINUTE_MS + 1);
  });

  it('is nobody else’s choice', () => {
    expect(dated(MINUTE_MS + 1, 1e15)).to.equal(0);
    expect(dated(1e15, 0)).to.equal(1);
  });
});

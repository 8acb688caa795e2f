import { expect } from 'chai';
import { EventId } from '@holm/spec/ids';
import { ManualClock } from '../../testing/manual-clock.ts';
import { BarrenGaps } from './barren-gaps.ts';

const id = EventId.parse('$missing');
const MINUTE_MS = 60_000;

describe('missing events that nobody has', () => {
  it('are asked for again later and later, at least once a day', () => {
    const clock = new ManualClock();
    const barren = new BarrenGaps(clock);
    expect(barren.isLeftAlone(1, id)).to.equal(false);
    for (const minutes of [1, 4, 16, 64, 256, 1024, 1440, 1440]) {
      barren.add(1, [id], { isCertain: true });
      clock.advance(minutes * MINUTE_MS - 1);
      expect(barren.isLeftAlone(1, id), `just before ${minutes} minutes`).to.equal(true);
      clock.advance(1);
      expect(barren.isLeftAlone(1, id), `after ${minutes} minutes`).to.equal(false);
    }
    expect(barren.isLeftAlone(1, EventId.parse('$other'))).to.equal(false);
  });

  it('are asked for again soon, as long as somebody who was asked is away', () => {
    const clock = new ManualClock();
    const barren = new BarrenGaps(clock);
    for (let times = 0; times < 5; times++) {
      barren.add(1, [id], { isCertain: false });
      expect(barren.isLeftAlone(1, id)).to.equal(true);
      clock.advance(MINUTE_MS);
      expect(barren.isLeftAlone(1, id)).to.equal(false);
    }
  });

  it('are those of one room: where servers choose the ids, they can choose the same for two', () => {
    const barren = new BarrenGaps(new ManualClock());
    barren.add(1, [id], { isCertain: true });
    expect(barren.isLeftAlone(2, id)).to.equal(false);
  });
});

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
    expect(barren.isLeftAlone(id)).to.equal(false);
    for (const minutes of [1, 4, 16, 64, 256, 1024, 1440, 1440]) {
      barren.add([id]);
      clock.advance(minutes * MINUTE_MS - 1);
      expect(barren.isLeftAlone(id), `just before ${minutes} minutes`).to.equal(true);
      clock.advance(1);
      expect(barren.isLeftAlone(id), `after ${minutes} minutes`).to.equal(false);
    }
    expect(barren.isLeftAlone(EventId.parse('$other'))).to.equal(false);
  });
});

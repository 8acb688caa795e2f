import { expect } from 'chai';
import { ManualClock } from '../../testing/manual-clock.ts';
import type { Position } from '../../streams/stream.ts';
import { StickyEvents } from './sticky-events.ts';
import type { Stuck } from './stuck.ts';

describe('events that stick', () => {
  const clock = new ManualClock();
  const stuck = (from: number, count: number, kind: 'visible' | 'hidden'): Stuck[] =>
    Array.from({ length: count }, (_, n) => ({
      nid: from + n,
      position: kind === 'visible' ? ((from + n) as Position) : undefined,
      expiresAt: clock.now() + 1_000,
    }));

  it('are not pushed out by those that nobody may see', () => {
    const sticky = new StickyEvents(clock);
    sticky.add(1, stuck(0, 5, 'visible'));
    for (let n = 0; n < 30; n++) sticky.add(1, stuck(1_000 + n * 100, 100, 'hidden'));
    expect(sticky.visible(1).map(({ nid }) => nid)).to.eql([0, 1, 2, 3, 4]);
    expect(sticky.hidden(1)).to.have.length(1_000);
    expect(sticky.hidden(1)[0]?.nid).to.equal(3_000);
  });

  it('are the newest thousand of a room, of each kind', () => {
    const sticky = new StickyEvents(clock);
    sticky.add(1, stuck(0, 3, 'hidden'));
    sticky.add(1, stuck(10, 1_500, 'visible'));
    expect(sticky.visible(1)[0]?.nid).to.equal(510);
    expect([sticky.visible(1).length, sticky.hidden(1).length]).to.eql([1_000, 3]);
    sticky.hide(1, [1_509]);
    expect([sticky.visible(1).length, sticky.hidden(1).length]).to.eql([999, 4]);
  });
});

import { expect } from 'chai';
import type { Json } from '@holm/spec/json';
import type { Pdu } from './event.ts';
import { remainingName, stickinessOf, stickinessWanted, sticksUntil } from './sticky.ts';

const NOW = 1_000_000;
const pdu = (members: Record<string, Json>) => members as Pdu;
const lasting = (duration_ms: Json) => pdu({ msc4354_sticky: { duration_ms } });

describe('sticky events', () => {
  const until: readonly (readonly [string, Json, number, number | undefined])[] = [
    ['for as long as it says', 500, NOW, NOW + 500],
    ['counted from when it was sent', 500, NOW - 200, NOW + 300],
    ['counted from now when its clock is ahead', 500, NOW + 200, NOW + 500],
    ['for an hour at most', 9_000_000, NOW, NOW + 3_600_000],
    ['not when it is over', 500, NOW - 500, undefined],
    ['not for no time', 0, NOW, undefined],
    ['not for less than no time', -1, NOW, undefined],
    ['not for part of a millisecond', 1.5, NOW, undefined],
    ['not for what is no number', '500', NOW, undefined],
  ];
  for (const [what, duration, sentAt, expected] of until) {
    it(`stick ${what}`, () => expect(sticksUntil({ pdu: lasting(duration), sentAt }, NOW)).to.equal(expected));
  }

  it('say so under either name, and in nothing else', () => {
    expect(stickinessOf(pdu({ sticky: { duration_ms: 5 } }))).to.eql({ field: 'sticky', durationMs: 5 });
    expect(remainingName(pdu({ sticky: { duration_ms: 5 } }))).to.equal('sticky_duration_remaining_ms');
    for (const other of [{}, { sticky: null }, { sticky: [] }, { sticky: 5 }, { sticky: {} }]) {
      expect(stickinessOf(pdu(other))).to.equal(undefined);
    }
  });

  it('are asked for under either name', () => {
    expect(stickinessWanted({ sticky_duration_ms: 0 })).to.eql({ field: 'sticky', durationMs: 0 });
    const draft = { 'org.matrix.msc4354.sticky_duration_ms': 7, sticky_duration_ms: 9 };
    expect(stickinessWanted(draft)).to.eql({ field: 'msc4354_sticky', durationMs: 7 });
    expect(stickinessWanted({})).to.equal(undefined);
  });
});

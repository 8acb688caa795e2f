import { EventId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import type { UnixMillis } from '../../platform/clock.ts';
import type { Receipt } from './receipt.ts';
import { RecentReceipts } from './recent-receipts.ts';

const ROOM = 1;

/** As many as one message of another server may bring. */
const thousand = (n: number): Receipt[] =>
  Array.from({ length: 1_000 }, (_, i) => ({
    roomNid: ROOM,
    userId: UserId.parse(`@user${i}:a.test`),
    type: 'm.read',
    threadId: undefined,
    eventId: EventId.parse(`$event${n}`),
    ord: n,
    ts: n as UnixMillis,
  }));

describe('the newest receipts', () => {
  it('are a bounded number, however many come at once', () => {
    const recent = new RecentReceipts(0);
    for (let position = 1; position <= 12; position++) recent.add(position, thousand(position), 'theirs');
    const after = (position: number) => recent.of(new Set([ROOM]), { after: position, upTo: 12 })?.length;
    expect([after(0), after(4), after(11)]).to.eql([undefined, undefined, 1_000]);
    expect(recent.of(new Set([ROOM]), { after: 11, upTo: 12 })?.[0]?.eventId).to.equal('$event12');
  });

  it('are of ours those furthest on, of others those that were told last, whatever order they were written in', () => {
    for (const [whose, last] of [
      ['ours', '$event110'],
      ['theirs', '$event100'],
    ] as const) {
      for (const order of [
        [9, 10],
        [10, 9],
      ]) {
        const recent = new RecentReceipts(0);
        for (const position of order) recent.add(position, thousand(position === 9 ? 110 : 100).slice(0, 1), whose);
        const found = recent.of(new Set([ROOM]), { after: 8, upTo: 10 });
        expect(found?.map(({ eventId }) => eventId)).to.eql([last]);
      }
    }
  });
});

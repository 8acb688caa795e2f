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
    for (let position = 1; position <= 12; position++) recent.add(position, thousand(position));
    const after = (position: number) => recent.of(new Set([ROOM]), { after: position, upTo: 12 })?.length;
    expect([after(0), after(4), after(11)]).to.eql([undefined, undefined, 1_000]);
    expect(recent.of(new Set([ROOM]), { after: 11, upTo: 12 })?.[0]?.eventId).to.equal('$event12');
  });
});

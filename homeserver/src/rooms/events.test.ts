import { EventId, RoomId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import type { Event } from '../core/events/event.ts';
import { roomVersion } from '../core/rooms/room-version.ts';
import type { Database } from '../storage/database.ts';
import { Events } from './events.ts';
import type { StoredEvent } from './model.ts';

const version = roomVersion('12')!;
const roomId = RoomId.parse(`!${'r'.repeat(43)}`);
const sender = UserId.parse('@alice:a.test');
const idOf = (nid: number): EventId => EventId.parse(`$${String(nid).padStart(43, '0')}`);

const event = (nid: number, text: string): StoredEvent => {
  const content = { body: text };
  const pdu = { type: 'm.room.message', sender, content, depth: 1, origin_server_ts: 1, hashes: { sha256: '' } };
  const parsed = {
    eventId: idOf(nid),
    roomId,
    version,
    pdu: { ...pdu, signatures: {} },
    type: pdu.type,
    sender,
    content,
  };
  const rest = { stateKey: undefined, depth: 1, sentAt: 1, prevEvents: [], authEvents: [], redacts: undefined, text };
  const unknown = { snapshot: undefined, keyNumber: undefined, authNumber: undefined, replaces: undefined };
  const place = { ord: nid, position: undefined, redactedBy: undefined, ...unknown };
  return {
    nid,
    roomNid: 1,
    event: { ...parsed, ...rest } satisfies Event,
    textLength: text.length,
    status: 'accepted',
    ...place,
  };
};

describe('the events in memory', () => {
  /** What the database is asked for. */
  let asked: unknown[];
  let events: Events;
  beforeEach(() => {
    asked = [];
    const rows = async ({ values }: { readonly values: readonly unknown[] }) => {
      asked.push(...values);
      return [];
    };
    events = new Events({ rows } as unknown as Database, { byNids: async () => new Map() }, 1_000_000);
  });
  const kept = (nids: readonly number[]) => nids.filter((nid) => events.cached(nid) !== undefined);
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

  it('are as many as fit: many short ones, few long ones', () => {
    for (const nid of upTo(2_000)) events.remember(event(nid, 'x'.repeat(300)));
    const short = kept(upTo(2_000));
    expect(short.length).to.be.within(300, 1_500);
    expect(short).to.include(2_000).and.not.to.include(1);
    for (const nid of upTo(100)) events.remember(event(10_000 + nid, 'x'.repeat(60_000)));
    expect(kept(upTo(2_000))).to.eql([]);
    expect(kept(upTo(100).map((nid) => 10_000 + nid)).length).to.be.within(4, 16);
  });

  it('are found by their ids as long as they are there', async () => {
    events.remember(event(1, 'first'));
    events.remember(event(2, 'second'));
    expect([...(await events.byIds([idOf(1), idOf(2)])).keys()]).to.eql([idOf(1), idOf(2)]);
    expect(asked).to.eql([]);
    events.remember({ ...event(1, 'first'), status: 'soft-failed' });
    expect((await events.byId(idOf(1)))?.status).to.equal('soft-failed');
    events.forget([2]);
    for (const nid of upTo(100)) events.remember(event(10_000 + nid, 'x'.repeat(60_000)));
    await events.byIds([idOf(1), idOf(2)]);
    expect(asked).to.eql([[idOf(1), idOf(2)]]);
  });
});

import { EventId, RoomId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import type { UnixMillis } from '../../platform/clock.ts';
import { type Receipt, toContents, visibleTo } from './receipt.ts';
import { fromEdu, toEdus } from './receipt-edu.ts';
import { ROOT_HOPS, threadOf } from './thread.ts';

const alice = UserId.parse('@alice:a.test');
const bob = UserId.parse('@bob:b.test');
const ROOM = RoomId.parse('!room:a.test');

const receipt = (overrides: Partial<Receipt> = {}): Receipt => ({
  roomNid: 1,
  userId: alice,
  type: 'm.read',
  threadId: undefined,
  eventId: EventId.parse('$one'),
  ord: 1,
  ts: 1 as UnixMillis,
  ...overrides,
});

describe('receipts', () => {
  it('keep each under its own type', () => {
    const [content] = toContents([receipt(), receipt({ type: 'm.read.private' })]);
    expect(content).to.eql({ $one: { 'm.read': { [alice]: { ts: 1 } }, 'm.read.private': { [alice]: { ts: 1 } } } });
  });

  it('need a second event when only the thread differs', () => {
    const contents = toContents([receipt(), receipt({ threadId: 'main' }), receipt({ userId: bob })]);
    expect(contents).to.eql([
      { $one: { 'm.read': { [alice]: { ts: 1 }, [bob]: { ts: 1 } } } },
      { $one: { 'm.read': { [alice]: { ts: 1, thread_id: 'main' } } } },
    ]);
  });

  it('that are private are for their owner', () => {
    const hidden = receipt({ type: 'm.read.private' });
    expect([alice, bob].map((viewer) => visibleTo(viewer)(hidden))).to.eql([true, false]);
  });

  it('survive the way to another server', () => {
    const [edu] = toEdus([{ ...receipt({ threadId: '$root' }), roomId: ROOM }]);
    expect(fromEdu(edu!)).to.eql([
      { roomId: '!room:a.test', userId: alice, threadId: '$root', eventId: '$one', ts: 1 },
    ]);
  });

  it('go to another server in few messages, however many there are, and none of them is lost', () => {
    const told = Array.from({ length: 1_000 }, (_, n) => ({
      roomId: RoomId.parse(`!${n % 7}:a.test`),
      userId: UserId.parse(`@u${n % 11}:a.test`),
      threadId: n % 3 === 0 ? undefined : `$${n}`,
      eventId: EventId.parse(`$${n}`),
      ts: n as UnixMillis,
    }));
    const edus = toEdus(told);
    expect(edus.flatMap(fromEdu)).to.have.deep.members(told);
    // 77 users in rooms, of whom each can be named once in a message.
    expect(edus.length).to.be.below(16);
    expect(toEdus(told.map((one, n) => ({ ...one, userId: UserId.parse(`@u${n}:a.test`) })))).to.have.length(5);
  });

  it('are in no thread where another server says null', () => {
    const edu = { [ROOM]: { 'm.read': { [alice]: { event_ids: ['$one'], data: { ts: 1, thread_id: null } } } } };
    expect(fromEdu(edu)).to.eql([{ roomId: ROOM, userId: alice, threadId: undefined, eventId: '$one', ts: 1 }]);
  });

  const malformed = [
    {},
    { '!r:a': 5 },
    { '!r:a': { 'm.read': [] } },
    { '!r:a': { 'm.read.private': { [alice]: { event_ids: ['$x'], data: { ts: 1 } } } } },
    { 'no room': { 'm.read': { [alice]: { event_ids: ['$x'], data: { ts: 1 } } } } },
    { '!r:a': { 'm.read': { alice: { event_ids: ['$x'], data: { ts: 1 } } } } },
    { '!r:a': { 'm.read': { [alice]: { event_ids: [], data: { ts: 1 } } } } },
    { '!r:a': { 'm.read': { [alice]: { event_ids: ['$x', '$y'], data: { ts: 1 } } } } },
    { '!r:a': { 'm.read': { [alice]: { event_ids: ['$x'], data: { ts: 'now' } } } } },
    { '!r:a': { 'm.read': { [alice]: { event_ids: ['$x'], data: { ts: 1, thread_id: '' } } } } },
    { '!r:a': { 'm.read': { [alice]: { event_ids: ['$x'], data: { ts: 1, thread_id: 7 } } } } },
    { '!r:a': { 'm.read': { [alice]: { event_ids: ['$x'], data: { ts: 1, thread_id: 'any text' } } } } },
  ];
  for (const edu of malformed) {
    it(`of other servers are skipped when malformed: ${JSON.stringify(edu)}`, () => expect(fromEdu(edu)).to.eql([]));
  }
});

describe('the thread of an event', () => {
  const events = new Map([
    ['$root', {}],
    ['$reply', { rel_type: 'm.thread', event_id: '$root' }],
    ['$edit', { rel_type: 'm.replace', event_id: '$reply' }],
    ['$reaction', { rel_type: 'm.annotation', event_id: '$root' }],
    ['$one', { rel_type: 'm.reference', event_id: '$two' }],
    ['$two', { rel_type: 'm.reference', event_id: '$one' }],
  ]);
  const load = (id: string) => Promise.resolve(events.has(id) ? { 'm.relates_to': events.get(id) ?? {} } : undefined);
  const cases = { $root: 'main', $reply: '$root', $edit: '$root', $reaction: 'main', $one: 'main', $unknown: 'main' };
  for (const [id, thread] of Object.entries(cases)) {
    it(`${id} is in ${thread}`, async () => expect(await threadOf(EventId.parse(id), load)).to.equal(thread));
  }

  it('is not looked for without end', async () => {
    let asked = 0;
    const endless = () => Promise.resolve({ 'm.relates_to': { rel_type: 'x', event_id: `$${asked++}` } });
    expect(await threadOf(EventId.parse('$a'), endless)).to.equal('main');
    expect(asked).to.equal(ROOT_HOPS);
  });
});

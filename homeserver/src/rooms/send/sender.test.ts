import { expect } from 'chai';
import { pduText } from '../../core/events/pdu-text.ts';
import type { Committed } from '../commit.ts';
import { createTestRooms, type TestRooms, user } from '../../testing/room-features.ts';
import type { Draft } from './draft.ts';

const alice = user('alice');
const bob = user('bob');
const remy = user('remy', 'b.test');
const rosa = user('rosa', 'b.test');

describe('sending as a chain', () => {
  const told: Committed[] = [];
  let test: TestRooms;
  before(async () => (test = await createTestRooms({ listeners: [(step) => void told.push(step)] })));
  after(() => test[Symbol.asyncDispose]());
  beforeEach(() => void (told.length = 0));

  const message = (body: string): Draft => ({ sender: alice, type: 'm.room.message', content: { body } });
  const ban = (target: string): Draft => ({
    sender: alice,
    type: 'm.room.member',
    stateKey: target,
    content: { membership: 'ban' },
  });
  /** A room with users of another server, as if they had joined from there. */
  const roomWith = async (...others: readonly string[]) => {
    const roomId = await test.room(alice, undefined, [bob]);
    const room = await test.engine.rooms.joined(roomId);
    for (const other of others) {
      await test.db.run({
        text: `INSERT INTO memberships SELECT room_nid, $2, 'join', event_nid, position, 'b.test', $2 FROM memberships
                WHERE user_id = $3 AND room_nid = $1`,
        values: [room.nid, other, bob],
      });
    }
    test.engine.rooms.drop(room.nid);
    told.length = 0;
    return roomId;
  };
  const sentTo = () => told.flatMap(({ outbox }) => outbox.map(({ destinations }) => destinations.join()));

  it('tells other servers of everything while they have somebody there', async () => {
    const roomId = await roomWith(remy, rosa);
    await test.engine.sender.sendAll(roomId, [message('1'), ban(user('x', 'c.test')), message('2')]);
    expect(sentTo()).to.eql(['b.test', 'b.test,c.test', 'b.test']);
  });

  it('keeps no text of what is written, and makes the same again for who asks', async () => {
    const roomId = await roomWith();
    const { nid } = await test.engine.sender.send(roomId, message('Grüße \u2028 "x"'));
    const kept = test.engine.events.cached(nid)!.event;
    expect(kept.text).to.equal(undefined);
    expect(pduText(kept)).to.equal((await test.engine.events.texts([nid])).get(nid));
  });

  it('makes of events that wait one step, and a refused one spoils nothing', async () => {
    const roomId = await roomWith();
    const refused: Draft = { ...message('x'), sender: user('stranger') };
    const sent = await Promise.allSettled(
      [message('1'), message('2'), refused, message('3')].map((draft) => test.engine.sender.send(roomId, draft)),
    );
    expect(sent.map(({ status }) => status)).to.eql(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(told.map(({ timeline }) => timeline.length)).to.eql([1, 2]);
  });

  it('keeps extremities that an event could not name', async () => {
    const roomId = await roomWith();
    const room = await test.engine.rooms.joined(roomId);
    const [tip] = room.head.extremities;
    const many = Array.from({ length: 25 }, (_, i) => ({ ...tip!, eventId: `$tip${i}` as never, depth: 100 + i }));
    room.moveHead({ ...room.head, extremities: many });
    const { event } = await test.engine.sender.send(roomId, message('merge'));
    expect(event.prevEvents).to.have.length(20);
    expect(event.depth).to.equal(125);
    const left = (await test.engine.rooms.joined(roomId)).head.extremities.map(({ depth }) => depth);
    expect(left).to.eql([100, 101, 102, 103, 104, 125]);
  });

  it('takes up a room that somebody else has written to meanwhile', async () => {
    const roomId = await roomWith();
    const other = await test.again();
    await other.engine.sender.send(roomId, message('from another process'));
    await test.engine.sender.send(roomId, message('from here'));
    const room = await test.engine.rooms.joined(roomId);
    const [first, second] = await test.engine.timeline.newest(room, 2);
    expect(second?.event.prevEvents).to.eql([first?.event.eventId]);
    expect(first?.event.content).to.eql({ body: 'from another process' });
  });
});

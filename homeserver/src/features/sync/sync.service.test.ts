import type { UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { bodies, joinedIn, SyncFixture, typesOf, userOf } from '../../testing/sync.ts';

const alice = userOf('alice');
const bob = userOf('bob');
const carol = userOf('carol');

describe('/sync on a database', () => {
  let fixture: SyncFixture;
  before(async () => {
    fixture = await SyncFixture.create();
  });
  after(() => fixture[Symbol.asyncDispose]());

  const next = async (user: UserId): Promise<string> => (await fixture.ask(user)).next_batch;

  describe('initially', () => {
    it('tells rooms, the state before their timelines, and a place to page back from', async () => {
      const room = await fixture.room(alice, [['m.room.name', { name: 'Kitchen' }]]);
      for (let i = 0; i < 12; i++) await fixture.say(room, alice, `m${i}`);
      const joined = joinedIn(await fixture.ask(alice), room);
      expect(bodies(joined)).to.eql([2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((i) => `m${i}`));
      expect(joined?.timeline.limited).to.equal(true);
      expect(joined?.timeline.prev_batch).to.equal('t7');
      expect(typesOf(joined?.state.events)).to.eql([
        'm.room.create',
        'm.room.join_rules',
        'm.room.member',
        'm.room.name',
        'm.room.power_levels',
      ]);
      expect(joined?.summary).to.eql({ 'm.joined_member_count': 1, 'm.invited_member_count': 0 });
    });

    it('tells a short room whole, with nothing before it', async () => {
      const room = await fixture.room(bob);
      const joined = joinedIn(await fixture.ask(bob), room);
      expect(joined?.timeline.limited).to.equal(false);
      expect(joined?.timeline.events[0]?.type).to.equal('m.room.create');
      expect(joined?.state.events).to.eql([]);
    });

    it('is what unknown tokens get', async () => {
      const room = await fixture.room(carol);
      for (const since of ['', 'garbage', 's9_1', 's1_999999999999', 't5']) {
        const answer = await fixture.ask(carol, { since, timeoutMs: 30_000 });
        expect(answer.rooms?.join, since).to.have.property(room);
      }
    });

    it('is the same after a restart', async () => {
      const before = await fixture.ask(alice);
      await fixture.restart();
      const { rooms, next_batch } = await fixture.ask(alice);
      expect(rooms).to.eql(before.rooms);
      expect(next_batch).to.not.equal(before.next_batch);
    });
  });

  describe('after a token', () => {
    it('tells only what is new, once', async () => {
      const room = await fixture.room(alice);
      await fixture.member(room, bob, 'join');
      const since = await next(bob);
      expect(Object.keys(await fixture.ask(bob, { since }))).to.eql(['next_batch']);
      await fixture.say(room, alice, 'one');
      await fixture.say(room, alice, 'two');
      const answer = await fixture.ask(bob, { since });
      expect(Object.keys(answer.rooms?.join ?? {})).to.eql([room]);
      const told = joinedIn(answer, room);
      expect(bodies(told)).to.eql(['one', 'two']);
      expect(told?.timeline.limited).to.equal(false);
      expect(told?.state.events).to.eql([]);
      expect(told).to.not.have.property('summary');
      expect((await fixture.ask(bob, { since: answer.next_batch })).rooms).to.equal(undefined);
    });

    it('tells of a token from before a restart', async () => {
      const room = await fixture.room(alice);
      const since = await next(alice);
      await fixture.say(room, alice, 'before');
      await fixture.restart();
      const answer = await fixture.ask(alice, { since });
      expect(bodies(joinedIn(answer, room))).to.eql(['before']);
      expect(Object.keys(answer.rooms?.join ?? {})).to.eql([room]);
    });

    it('shows the transaction id to the device that sent a message alone', async () => {
      const room = await fixture.room(alice);
      await fixture.member(room, bob, 'join');
      const [a, b] = [await next(alice), await next(bob)];
      const sent = await fixture.say(room, alice, 'mine');
      fixture.engine.echoes.sent(sent.nid, { userId: alice, deviceId: 'D' as never }, 'txn1');
      const seen = async (user: UserId, since: string, device: string) =>
        joinedIn(await fixture.ask(user, { since, device }), room)?.timeline.events[0]?.unsigned;
      expect(await seen(alice, a, 'D')).to.include({ transaction_id: 'txn1' });
      expect(await seen(alice, a, 'E')).not.to.have.property('transaction_id');
      expect(await seen(bob, b, 'D')).not.to.have.property('transaction_id');
    });

    it('leaves a gap when there is more than fits, and tells what changed in it', async () => {
      const room = await fixture.room(alice);
      await fixture.member(room, bob, 'join');
      const since = await next(bob);
      await fixture.set(room, alice, 'm.room.topic', { topic: 'in the gap' });
      await fixture.member(room, carol, 'join');
      for (let i = 0; i < 3; i++) await fixture.say(room, alice, `m${i}`);
      await fixture.set(room, alice, 'm.room.name', { name: 'in the timeline' });
      const filter = { room: { timeline: { limit: 2 } } };
      const told = joinedIn(await fixture.ask(bob, { since, filter }), room);
      expect(bodies(told)).to.eql(['m2', 'm.room.name']);
      expect(told?.timeline.limited).to.equal(true);
      expect(typesOf(told?.state.events)).to.eql(['m.room.member', 'm.room.topic']);
      const after = await fixture.ask(bob, { since, filter, stateField: 'state_after' });
      expect(typesOf(joinedIn(after, room)?.state_after.events)).to.eql([
        'm.room.member',
        'm.room.name',
        'm.room.topic',
      ]);
      expect(joinedIn(after, room)).to.not.have.property('state');
      expect(told?.summary).to.include({ 'm.joined_member_count': 3 });
    });

    it('tells state that a filter keeps out of the timeline', async () => {
      const room = await fixture.room(alice);
      const since = await next(alice);
      await fixture.set(room, alice, 'm.room.topic', { topic: 'told as state' });
      await fixture.say(room, alice, 'hello');
      const filter = { room: { timeline: { types: ['m.room.message'] } } };
      const told = joinedIn(await fixture.ask(alice, { since, filter }), room);
      expect(bodies(told)).to.eql(['hello']);
      expect(typesOf(told?.state.events)).to.eql(['m.room.topic']);
    });

    it('has state_after even when it is empty, by the name that was asked for', async () => {
      const room = await fixture.room(alice);
      const since = await next(alice);
      await fixture.say(room, alice, 'hello');
      for (const stateField of ['state_after', 'org.matrix.msc4222.state_after'] as const) {
        const told = joinedIn(await fixture.ask(alice, { since, stateField }), room);
        expect(told?.[stateField]).to.eql({ events: [] });
        expect(told).to.not.have.property('state');
      }
    });

    it('tells the full state when asked, with the timeline since the token', async () => {
      const room = await fixture.room(alice);
      const since = await next(alice);
      const told = joinedIn(await fixture.ask(alice, { since, fullState: true, timeoutMs: 30_000 }), room);
      expect(told?.timeline.events).to.eql([]);
      expect(typesOf(told?.state.events)).to.include.members(['m.room.create', 'm.room.member']);
    });

    it('shows redacted events redacted', async () => {
      const room = await fixture.room(alice);
      const since = await next(alice);
      const { event } = await fixture.say(room, alice, 'secret');
      await fixture.redact(room, alice, event.eventId);
      const told = joinedIn(await fixture.ask(alice, { since }), room);
      expect(told?.timeline.events[0]?.content).to.eql({});
      expect(JSON.stringify(told)).to.not.contain('secret');
    });

    it('selects fields and rooms as the filter says', async () => {
      const room = await fixture.room(alice);
      const other = await fixture.room(alice);
      const filter = { event_fields: ['type', 'content.body'], room: { not_rooms: [other] } };
      await fixture.say(room, alice, 'hello');
      const { rooms } = await fixture.ask(alice, { filter });
      expect(rooms?.join).to.not.have.property(other);
      expect(rooms?.join?.[room]?.timeline.events.at(-1)).to.eql({
        type: 'm.room.message',
        content: { body: 'hello' },
      });
    });
  });

  describe('account data', () => {
    it('comes once, of rooms and of none, and wakes', async () => {
      const room = await fixture.room(alice);
      const since = await next(alice);
      const waiting = fixture.ask(alice, { since, timeoutMs: 30_000 });
      await fixture.accountData.set({ userId: alice, roomId: undefined, type: 'x.one' }, { a: 1 });
      const first = await waiting;
      expect(first.account_data?.events).to.eql([{ type: 'x.one', content: { a: 1 } }]);
      await fixture.accountData.set({ userId: alice, roomId: room, type: 'm.tag' }, { tags: {} });
      const second = await fixture.ask(alice, { since: first.next_batch });
      expect(Object.keys(second.rooms?.join ?? {})).to.eql([room]);
      expect(joinedIn(second, room)?.account_data.events).to.eql([{ type: 'm.tag', content: { tags: {} } }]);
      expect(second.account_data).to.equal(undefined);
      expect((await fixture.ask(alice, { since: second.next_batch })).rooms).to.equal(undefined);
    });
  });
});

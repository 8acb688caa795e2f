import type { RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import {
  bodies,
  joinedIn,
  SyncFixture,
  type SyncedEvent,
  type SyncResponse,
  typesOf,
  userOf,
} from '../../testing/sync.ts';

const alice = userOf('alice');
const bob = userOf('bob');
const carol = userOf('carol');

describe('memberships in /sync', () => {
  let fixture: SyncFixture;
  before(async () => {
    fixture = await SyncFixture.create();
  });
  after(() => fixture[Symbol.asyncDispose]());

  const next = async (user: UserId): Promise<string> => (await fixture.ask(user)).next_batch;

  it('a room that one joins is told as from the beginning', async () => {
    const room = await fixture.room(alice, [['m.room.name', { name: 'Hall' }]]);
    for (let i = 0; i < 12; i++) await fixture.say(room, alice, `m${i}`);
    const since = await next(bob);
    await fixture.member(room, bob, 'join');
    const told = joinedIn(await fixture.ask(bob, { since }), room);
    expect(bodies(told)).to.have.length(10);
    expect(told?.timeline.limited).to.equal(true);
    expect(typesOf(told?.state.events)).to.include.members(['m.room.create', 'm.room.name', 'm.room.member']);
    expect(told?.summary).to.include({ 'm.joined_member_count': 2 });
  });

  it('what was said before one joined is not shown where the room says so', async () => {
    const room = await fixture.room(alice, [['m.room.history_visibility', { history_visibility: 'joined' }]]);
    await fixture.say(room, alice, 'private');
    await fixture.member(room, bob, 'join');
    await fixture.say(room, alice, 'public');
    const told = joinedIn(await fixture.ask(bob), room);
    expect(bodies(told)).to.include('public').and.not.include('private');
  });

  it('an invite shows what outsiders may know, the invite last; refusing it ends it', async () => {
    const room = await fixture.room(alice, [
      ['m.room.name', { name: 'Cellar' }],
      ['m.room.pinned_events', { pinned: [] }],
    ]);
    const since = await next(carol);
    await fixture.member(room, carol, 'invite', alice);
    const invited = await fixture.ask(carol, { since });
    const events = invited.rooms?.invite?.[room]?.invite_state.events ?? [];
    expect(events.map((event) => event['type'])).to.include.members(['m.room.create', 'm.room.name']);
    expect(events.map((event) => event['type'])).to.not.include('m.room.pinned_events');
    expect(events.at(-1)).to.include({ type: 'm.room.member', state_key: carol, sender: alice });
    expect(invited.rooms).to.not.have.property('join');
    expect((await fixture.ask(carol)).rooms?.invite).to.have.property(room);
    await fixture.member(room, carol, 'leave');
    const left = await fixture.ask(carol, { since: invited.next_batch });
    const told = left.rooms?.leave?.[room];
    expect(told?.timeline.events.map(({ content }) => content['membership'])).to.eql(['leave']);
    expect(told?.state.events).to.eql([]);
    expect((await fixture.ask(carol)).rooms?.invite ?? {}).to.not.have.property(room);
  });

  it('a room that one leaves is shown up to then and no further', async () => {
    const room = await fixture.room(alice);
    await fixture.member(room, bob, 'join');
    const since = await next(bob);
    await fixture.say(room, alice, 'heard');
    await fixture.member(room, bob, 'leave', alice);
    await fixture.set(room, alice, 'm.room.topic', { topic: 'unheard' });
    await fixture.say(room, alice, 'unheard');
    const answer = await fixture.ask(bob, { since });
    expect(bodies(answer.rooms?.leave?.[room])).to.eql(['heard', 'm.room.member']);
    expect(JSON.stringify(answer)).to.not.contain('unheard');
    expect((await fixture.ask(bob, { since: answer.next_batch })).rooms).to.equal(undefined);
    expect((await fixture.ask(bob)).rooms?.leave).to.equal(undefined);
    const archived = await fixture.ask(bob, { filter: { room: { include_leave: true } } });
    expect(bodies(archived.rooms?.leave?.[room]).slice(-2)).to.eql(['heard', 'm.room.member']);
    expect(JSON.stringify(archived)).to.not.contain('unheard');
  });

  it('a room that one leaves is told with what one keeps of it', async () => {
    const room = await fixture.room(alice);
    await fixture.member(room, bob, 'join');
    const set = (content: JsonObject) => fixture.accountData.set({ userId: bob, roomId: room, type: 'm.tag' }, content);
    const kept = (answer: SyncResponse) => answer.rooms?.leave?.[room]?.account_data.events;
    await set({ tags: {} });
    const since = await next(bob);
    const tags = { type: 'm.tag', content: { tags: { 'm.lowpriority': {} } } };
    await set(tags.content);
    await fixture.member(room, bob, 'leave');
    expect(kept(await fixture.ask(bob, { since }))).to.eql([tags]);
    expect(kept(await fixture.ask(bob, { since: await next(bob) }))).to.equal(undefined);
    const archived = (filter: JsonObject) => fixture.ask(bob, { filter: { room: { include_leave: true, ...filter } } });
    expect(kept(await archived({}))).to.eql([tags]);
    expect(kept(await archived({ account_data: { not_types: ['m.*'] } }))).to.eql([]);
  });

  describe('a ban after leaving is told, and nothing of the room', () => {
    const memberships = (events: readonly SyncedEvent[] | undefined) =>
      (events ?? []).flatMap(({ state_key, content }) => (state_key === bob ? [content['membership']] : []));
    const withoutMembers = { room: { timeline: { not_types: ['m.room.member'] } } };
    const neither = { room: { ...withoutMembers.room, state: { not_types: ['m.room.member'] } } };

    for (const { where, isSeen, filter, stateField, timeline, state } of [
      { where: 'in the timeline', isSeen: true, filter: {}, stateField: 'state', timeline: ['ban'], state: [] },
      {
        where: 'as state, too',
        isSeen: true,
        filter: {},
        stateField: 'state_after',
        timeline: ['ban'],
        state: ['ban'],
      },
      { where: 'as state', isSeen: true, filter: withoutMembers, stateField: 'state', timeline: [], state: ['ban'] },
      { where: 'nowhere', isSeen: true, filter: neither, stateField: 'state_after', timeline: [], state: [] },
      { where: 'at its end', isSeen: false, filter: {}, stateField: 'state', timeline: ['leave', 'ban'], state: [] },
      {
        where: 'at its end, and as state',
        isSeen: false,
        filter: {},
        stateField: 'state_after',
        timeline: ['leave', 'ban'],
        state: ['ban'],
      },
      { where: 'as state', isSeen: false, filter: withoutMembers, stateField: 'state', timeline: [], state: ['ban'] },
    ] as const) {
      it(`${where}, where the departure was told ${isSeen ? 'before' : 'with it'}`, async () => {
        const room = await fixture.room(alice);
        await fixture.member(room, bob, 'join');
        let since = await next(bob);
        await fixture.member(room, bob, 'leave', alice);
        if (isSeen) since = await next(bob);
        await fixture.say(room, alice, 'unheard');
        await fixture.member(room, bob, 'ban', alice);
        const answer = await fixture.ask(bob, { since, filter, stateField });
        const told = answer.rooms?.leave?.[room];
        expect(memberships(told?.timeline.events)).to.eql(timeline);
        expect(memberships(told?.[stateField].events)).to.eql(state);
        expect(JSON.stringify(answer)).to.not.contain('unheard');
      });
    }
  });

  describe('what changed out of sight', () => {
    let room: RoomId;
    let since: string;
    const topics = (events: readonly SyncedEvent[] | undefined) =>
      (events ?? []).flatMap(({ type, content }) => (type === 'm.room.topic' ? [content['topic']] : []));

    beforeEach(async () => {
      room = await fixture.room(alice, [['m.room.history_visibility', { history_visibility: 'joined' }]]);
      await fixture.member(room, bob, 'join');
      since = await next(bob);
      await fixture.set(room, alice, 'm.room.topic', { topic: 'seen' });
      await fixture.member(room, bob, 'leave');
      await fixture.set(room, alice, 'm.room.topic', { topic: 'hidden' });
      await fixture.member(room, bob, 'join');
      await fixture.say(room, alice, 'welcome back');
    });

    for (const isFirst of [true, false]) {
      it(`is not older than what is in the timeline, which begins behind that (${isFirst ? 'first' : 'later'})`, async () => {
        const told = joinedIn(await fixture.ask(bob, isFirst ? {} : { since }), room);
        expect(topics(told?.state.events)).to.eql(['hidden']);
        expect(bodies(told)).to.eql(['m.room.member', 'm.room.member', 'welcome back']);
        expect(told?.timeline.limited).to.equal(true);
      });
    }

    it('is told beside the whole timeline to those who take it for newer', async () => {
      const told = joinedIn(await fixture.ask(bob, { stateField: 'state_after' }), room);
      expect(topics(told?.state_after.events)).to.eql(['hidden']);
      expect(topics(told?.timeline.events)).to.eql(['seen']);
    });

    it('is not older than what is in the timeline of a room that one has left again', async () => {
      await fixture.member(room, bob, 'leave');
      const told = (await fixture.ask(bob, { since })).rooms?.leave?.[room];
      expect(topics(told?.state.events)).to.eql(['hidden']);
      expect(topics(told?.timeline.events)).to.eql([]);
      expect(told?.timeline.limited).to.equal(true);
    });
  });

  it('leaving and coming back between two syncs is coming anew', async () => {
    const room = await fixture.room(alice, [['m.room.name', { name: 'Loft' }]]);
    await fixture.member(room, bob, 'join');
    const since = await next(bob);
    await fixture.member(room, bob, 'leave');
    await fixture.set(room, alice, 'm.room.topic', { topic: 'while away' });
    await fixture.member(room, bob, 'join');
    await fixture.rename(room, bob, 'Bob');
    const filter = { room: { timeline: { limit: 1 } } };
    const told = joinedIn(await fixture.ask(bob, { since, filter }), room);
    expect(typesOf(told?.state.events)).to.include.members(['m.room.create', 'm.room.name', 'm.room.topic']);
  });

  it('a change of name is no coming anew', async () => {
    const room = await fixture.room(alice);
    const since = await next(alice);
    await fixture.rename(room, alice, 'Al');
    const told = joinedIn(await fixture.ask(alice, { since }), room);
    expect(told?.timeline.events).to.have.length(1);
    expect(told?.state.events).to.eql([]);
  });
});

import { expect } from 'chai';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import { allRooms, Slider } from '../src/sliding.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const LIST = { timeline_limit: 5, required_state: { include: [{ type: 'm.room.topic' }], lazy_members: true } };

describe('sliding sync as it was accepted', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;

  before(async () => (network = await TestNetwork.start('a.test')));
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
  });

  const ask = (body: object) => call('POST', `${alice.home.url}/_matrix/client/v4/sync`, { token: alice.token, body });

  it('tells rooms by its own names', async () => {
    const room = await alice.createRoom({ preset: 'public_chat', name: 'Den', topic: 'Foxes' });
    await bob.join(room);
    const invite = await bob.createRoom({ name: 'Burrow', invite: [alice.userId] });
    await bob.say(room, 'hello');
    const { body: first } = await ask({ lists: { all: LIST } });
    expect(first.lists).to.eql({ all: { count: 2 } });
    const shown = first.rooms[room];
    expect(shown).to.include({
      name: 'Den',
      membership: 'join',
      initial: true,
      joined_count: 2,
      notification_count: 1,
    });
    expect(shown.lists).to.eql(['all']);
    expect(shown.timeline_events.at(-1).content.body).to.equal('hello');
    expect(shown.required_state.map((e: any) => e.type)).to.include.members(['m.room.topic', 'm.room.member']);
    expect(Object.keys(first.rooms[invite]).sort()).to.eql([
      'bump_stamp',
      'initial',
      'lists',
      'membership',
      'stripped_state',
    ]);
    await bob.say(room, 'more');
    const { body: next } = await ask({ pos: first.pos, timeout: 30_000, lists: { all: LIST } });
    expect(next.rooms[room].timeline_events.map((e: any) => e.content.body)).to.eql(['more']);
    const history = `${pathOf(room)}/messages?dir=b&limit=1&from=${encodeURIComponent(first.pos)}`;
    expect((await alice.ask('GET', history)).chunk[0].content.body).to.equal('hello');
  });

  it('tells all the state but the members that are not needed, and what is excluded', async () => {
    const room = await alice.createRoom({ preset: 'public_chat', name: 'Den', topic: 'Foxes' });
    const carol = await network.person('carol', 'a.test');
    for (const person of [bob, carol]) await person.join(room);
    await alice.say(room, 'hello');
    const keysOf = async (wished: object): Promise<string[]> => {
      const list = { timeline_limit: 1, required_state: { include: [{}], lazy_members: true, ...wished } };
      const { required_state: state } = (await ask({ lists: { all: list } })).body.rooms[room];
      return state.map((e: any) => `${e.type} ${e.state_key}`);
    };
    const memberOf = ({ userId }: Person) => `m.room.member ${userId}`;
    const [own, bobs, carols] = [memberOf(alice), memberOf(bob), memberOf(carol)];
    const all = await keysOf({});
    expect(all).to.include.members(['m.room.create ', 'm.room.topic ', own]);
    for (const other of [bobs, carols]) expect(all).to.not.include(other);
    const withBob = await keysOf({ include: [{}, { state_key: bob.userId }], exclude: [{ type: 'm.room.topic' }] });
    expect(withBob).to.include.members(['m.room.create ', own, bobs]);
    for (const other of ['m.room.topic ', carols]) expect(withBob).to.not.include(other);
    expect(await keysOf({ include: [{}, { type: 'm.room.member' }] })).to.include.members([own, bobs, carols]);
  });

  it('tells of a room that has come into another list, or has left one, and of nothing else', async () => {
    const room = await alice.createRoom();
    const invited = await bob.createRoom({ name: 'Burrow', invite: [alice.userId] });
    const tag = (of: string, tags: object) =>
      alice.ask('PUT', `/user/${encodeURIComponent(alice.userId)}${pathOf(of)}/account_data/m.tag`, { tags });
    const asked = { lists: { all: LIST, favourites: { ...LIST, filters: { tags: ['m.favourite'] } } } };
    const listsIn = ({ body }: any) =>
      Object.fromEntries(Object.entries(body.rooms).map(([id, { lists }]: any) => [id, lists]));
    const first = await ask(asked);
    expect(listsIn(first)).to.eql({ [room]: ['all'], [invited]: ['all'] });
    const waiting = ask({ ...asked, pos: first.body.pos, timeout: 30_000 });
    await tag(room, { 'm.favourite': {} });
    const second = await waiting;
    expect(listsIn(second)).to.eql({ [room]: ['all', 'favourites'] });
    expect(second.body.rooms[room]).to.not.have.any.keys('initial', 'required_state', 'name');
    expect(second.body.rooms[room].timeline_events).to.eql([]);
    await tag(invited, { 'm.favourite': {} });
    const third = await ask({ ...asked, pos: second.body.pos });
    expect(listsIn(third)).to.eql({ [invited]: ['all', 'favourites'] });
    for (const one of [room, invited]) await tag(one, {});
    const fourth = await ask({ ...asked, pos: third.body.pos });
    expect(listsIn(fourth)).to.eql({ [room]: ['all'], [invited]: ['all'] });
    expect(listsIn(await ask({ ...asked, pos: fourth.body.pos }))).to.eql({});
  });

  describe('tells by stripped state alone the end of', () => {
    const everything = { lists: { all: { timeline_limit: 5, required_state: { include: [{}] } } } };
    const invited = () => bob.createRoom({ name: 'Burrow', invite: [alice.userId] });
    const knocked = async () => {
      const rules = { type: 'm.room.join_rules', state_key: '', content: { join_rule: 'knock' } };
      const room = await bob.createRoom({ name: 'Burrow', initial_state: [rules] });
      await alice.knock(room);
      return room;
    };
    const ends: Readonly<
      Record<string, { begin: () => Promise<string>; end: (room: string) => Promise<unknown>; by: () => Person }>
    > = {
      'an invitation that was declined': { begin: invited, end: (room) => alice.leave(room), by: () => alice },
      'an invitation that was taken back': { begin: invited, end: (room) => bob.kick(room, alice), by: () => bob },
      'a knock that was denied': { begin: knocked, end: (room) => bob.kick(room, alice), by: () => bob },
    };
    for (const [name, { begin, end, by }] of Object.entries(ends)) {
      it(`${name}, and in the other dialect by the state`, async () => {
        const room = await begin();
        const slider = new Slider(alice);
        await slider.sync(allRooms());
        const { body: first } = await ask(everything);
        await end(room);
        await bob.setState(room, ['m.room.name', ''], { name: 'Secret' });
        const told = (await ask({ ...everything, pos: first.pos })).body.rooms[room];
        expect(Object.keys(told).sort()).to.eql(['bump_stamp', 'lists', 'membership', 'stripped_state']);
        expect(told.membership).to.equal('leave');
        const own = told.stripped_state.find(({ state_key: user }: any) => user === alice.userId);
        expect([own.sender, own.content.membership]).to.eql([by().userId, 'leave']);
        expect(told.stripped_state.find(({ type }: any) => type === 'm.room.name').content.name).to.equal('Burrow');
        const other = (await slider.sync(allRooms())).rooms[room];
        expect(other).to.not.have.property('invite_state');
        expect(other.required_state.map((e: any) => e.content.membership)).to.eql(['leave']);
      });
    }

    it('nothing that one was told of as a member', async () => {
      const room = await bob.createRoom({ preset: 'public_chat' });
      await alice.join(room);
      const { body: first } = await ask(everything);
      await alice.leave(room);
      const { body: left } = await ask({ ...everything, pos: first.pos });
      await bob.ban(room, alice);
      const banned = (await ask({ ...everything, pos: left.pos })).body.rooms[room];
      expect(banned.membership).to.equal('ban');
      expect(banned).to.not.have.property('stripped_state');
    });
  });

  it('refuses what is wrong in a request', async () => {
    const many = (prefix: string, value: object) =>
      Object.fromEntries(Array.from({ length: 5_001 }, (_, n) => [`${prefix}${n}`, value]));
    const wrong: readonly object[] = [
      { lists: many('l', LIST) },
      { room_subscriptions: many('!r', LIST) },
      { lists: { 'no good': LIST } },
      { lists: { all: { ...LIST, range: [2, 1] } } },
      { lists: { all: { ...LIST, range: [-1, 1] } } },
      { lists: { all: { required_state: {} } } },
      { set_presence: 'dancing' },
    ];
    for (const body of wrong) {
      const { status, body: answer } = await ask(body);
      expect([status, answer.errcode], JSON.stringify(body).slice(0, 60)).to.eql([400, 'M_INVALID_PARAM']);
    }
    expect((await ask({ pos: 'made up' })).body.errcode).to.equal('M_UNKNOWN_POS');
  });

  it('tells in the other dialect, too, what is unread, and when it has been read elsewhere', async () => {
    const room = await alice.createRoom({ preset: 'public_chat' });
    await bob.join(room);
    const slider = new Slider(alice);
    const asked = { ...allRooms(), extensions: { receipts: { enabled: true } } };
    await slider.sync(asked);
    const eventId = await bob.say(room, 'hello');
    expect((await slider.sync(asked)).rooms[room]).to.include({ notification_count: 1, highlight_count: 0 });
    await alice.ask('POST', `${pathOf(room)}/receipt/m.read/${encodeURIComponent(eventId)}`, {});
    expect((await slider.sync(asked, 30_000)).rooms[room]).to.include({ notification_count: 0 });
  });
});

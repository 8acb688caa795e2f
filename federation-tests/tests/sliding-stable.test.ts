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
    const room = await alice.createRoom({ preset: 'public_chat', topic: 'Foxes' });
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

import { expect } from 'chai';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import { allRooms, bodiesOf, Slider } from '../src/sliding.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const namesOf = (events: any[] = []): string[] => events.map((e) => `${e.type} ${e.state_key}`).sort();

describe('what sliding sync tells', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let slider: Slider;
  let count = 0;

  before(async () => (network = await TestNetwork.start('a.test')));
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
    slider = new Slider(alice);
  });

  const accepted = (body: object) =>
    call('POST', `${alice.home.url}/_matrix/client/v4/sync`, { token: alice.token, body });
  const send = (room: string, type: string, content: object = {}) =>
    bob.ask('PUT', `${pathOf(room)}/send/${type}/f${count++}`, content);
  const idsIn = (answer: any): string[] => answer.lists.all_rooms.ops[0].room_ids;

  describe('of activity', () => {
    it('is what the proposal counts as such, and nothing else', async () => {
      const room = await alice.createRoom({ preset: 'public_chat' });
      await bob.join(room);
      let before = (await slider.sync(allRooms())).rooms[room].bump_stamp;
      const bumping = [
        ...['m.room.message', 'm.room.encrypted', 'm.sticker', 'm.call.invite', 'm.poll.start', 'm.beacon_info'],
        ...['org.matrix.msc3381.poll.start', 'org.matrix.msc3672.beacon_info'],
      ];
      for (const type of bumping) {
        await send(room, type);
        const now = (await slider.sync(allRooms())).rooms[room].bump_stamp;
        expect(now, type).to.be.greaterThan(before);
        before = now;
      }
      for (const type of ['m.reaction', 'org.example.other', 'm.call.hangup']) {
        await send(room, type);
        expect((await slider.sync(allRooms())).rooms[room].bump_stamp, type).to.equal(before);
      }
      await alice.setState(room, ['m.room.topic', ''], { topic: 'Foxes' });
      expect((await slider.sync(allRooms())).rooms[room].bump_stamp).to.equal(before);
    });

    it('sorts lists, and moves a room up by what counts alone', async () => {
      const rooms: string[] = [];
      for (let n = 0; n < 3; n++) rooms.push(await alice.createRoom());
      const [first, second, third] = rooms as [string, string, string];
      expect(idsIn(await slider.sync(allRooms()))).to.eql([third, second, first]);
      await alice.say(first, 'up');
      expect(idsIn(await slider.sync(allRooms()))).to.eql([first, third, second]);
      await alice.setState(second, ['m.room.topic', ''], { topic: 'stays' });
      expect(idsIn(await slider.sync(allRooms()))).to.eql([first, third, second]);
      await alice.say(third, 'up');
      await alice.say(second, 'up');
      expect(idsIn(await slider.sync(allRooms({}, [0, 1])))).to.eql([second, third]);
    });
  });

  describe('of state', () => {
    const cases: readonly [string, readonly (readonly [string, string])[], readonly string[]][] = [
      ['one of a type', [['m.room.topic', '']], ['m.room.topic ']],
      ['any key of a type', [['org.example.shelf', '*']], ['org.example.shelf left', 'org.example.shelf right']],
      ['one key of any type', [['*', 'left']], ['org.example.shelf left']],
      ['oneself', [['m.room.member', '$ME']], ['m.room.member ALICE']],
      ['members as they speak', [['m.room.member', '$LAZY']], ['m.room.member BOB']],
      ['all members', [['m.room.member', '*']], ['m.room.member ALICE', 'm.room.member BOB', 'm.room.member CAROL']],
      ['nothing', [], []],
    ];
    for (const [what, required_state, expected] of cases) {
      it(`is ${what}`, async () => {
        const room = await alice.createRoom({ preset: 'public_chat', name: 'Den', topic: 'Foxes' });
        const carol = await network.person('carol', 'a.test');
        await carol.join(room);
        await bob.join(room);
        for (const shelf of ['left', 'right']) await alice.setState(room, ['org.example.shelf', shelf], { shelf });
        await bob.say(room, 'hello');
        const told = (await slider.sync(allRooms({ required_state }))).rooms[room];
        const names = new Map(
          [alice, bob, carol].map((one) => [one.userId, one.name.replace(/[^a-z].*/, '').toUpperCase()]),
        );
        const found = (told.required_state ?? []).map((e: any) => `${e.type} ${names.get(e.state_key) ?? e.state_key}`);
        expect(found.sort()).to.eql([...expected]);
      });
    }

    it('is everything, with members only as they are needed, if both are asked for', async () => {
      const room = await alice.createRoom({ preset: 'public_chat', name: 'Den', topic: 'Foxes' });
      await bob.join(room);
      await alice.say(room, 'hello');
      const everything = [
        ['*', '*'],
        ['m.room.member', '$LAZY'],
      ];
      const told = namesOf((await slider.sync(allRooms({ required_state: everything }))).rooms[room].required_state);
      expect(told).to.include.members(['m.room.topic ', 'm.room.create ', `m.room.member ${alice.userId}`]);
      expect(told).to.not.include(`m.room.member ${bob.userId}`);
      const list = { timeline_limit: 1, required_state: { include: [{}], exclude: [{ type: 'm.room.topic' }] } };
      const { body } = await accepted({ lists: { all: list } });
      const all = namesOf(body.rooms[room].required_state);
      expect(all).to.include.members([`m.room.member ${bob.userId}`, 'm.room.create ']);
      expect(all).to.not.include('m.room.topic ');
    });

    it('is told at once when more of it is asked for, and then what becomes of it', async () => {
      const room = await alice.createRoom({ name: 'Den', topic: 'Foxes' });
      await slider.sync(allRooms({ required_state: [['m.room.name', '']] }));
      const more = allRooms({
        required_state: [
          ['m.room.name', ''],
          ['m.room.topic', ''],
        ],
      });
      const told = (await slider.sync(more, 30_000)).rooms[room];
      expect(namesOf(told.required_state)).to.eql(['m.room.topic ']);
      expect(bodiesOf(told)).to.eql([]);
      await alice.setState(room, ['m.room.topic', ''], { topic: 'Badgers' });
      const changed = (await slider.sync(more)).rooms[room].required_state;
      expect(changed.map((e: any) => e.content.topic)).to.eql(['Badgers']);
    });

    it('names a room, or says that it has no name any more, and who is there instead', async () => {
      const room = await alice.createRoom({ preset: 'public_chat', name: 'Den' });
      await bob.join(room);
      expect((await slider.sync(allRooms())).rooms[room])
        .to.include({ name: 'Den' })
        .and.not.have.property('heroes');
      await alice.setState(room, ['m.room.avatar', ''], { url: 'mxc://a.test/den' });
      expect((await slider.sync(allRooms())).rooms[room]).to.include({ avatar: 'mxc://a.test/den' });
      await alice.setState(room, ['m.room.name', ''], {});
      await alice.setState(room, ['m.room.avatar', ''], {});
      const nameless = (await slider.sync(allRooms({ timeline_limit: 10 }))).rooms[room];
      expect([nameless.name, nameless.avatar]).to.eql([null, null]);
      expect(nameless.heroes.map((hero: any) => hero.user_id)).to.eql([bob.userId]);
    });
  });

  describe('of filtered lists', () => {
    it('follows what rooms become', async () => {
      const room = await alice.createRoom();
      const space = await alice.createRoom({ creation_content: { type: 'm.space' } });
      const list = (filters: object) => ({ ranges: [[0, 9]], timeline_limit: 0, required_state: [], filters });
      const body = {
        lists: {
          secret: list({ is_encrypted: true }),
          direct: list({ is_dm: true }),
          liked: list({ tags: ['m.favourite'] }),
          inside: list({ spaces: [space] }),
        },
      };
      const counts = async () => {
        const { lists } = await slider.sync(body);
        return Object.fromEntries(Object.entries<any>(lists).map(([name, { count: of }]) => [name, of]));
      };
      expect(await counts()).to.eql({ secret: 0, direct: 0, liked: 0, inside: 0 });
      await alice.setState(room, ['m.room.encryption', ''], { algorithm: 'm.megolm.v1.aes-sha2' });
      expect(await counts()).to.include({ secret: 1 });
      await alice.ask('PUT', `/user/${alice.userId}/account_data/m.direct`, { [bob.userId]: [room] });
      expect(await counts()).to.include({ direct: 1 });
      await alice.ask('PUT', `/user/${alice.userId}${pathOf(room)}/tags/m.favourite`, {});
      expect(await counts()).to.include({ liked: 1 });
      await alice.setState(space, ['m.space.child', room], { via: ['a.test'] });
      expect(await counts()).to.include({ inside: 1 });
      await alice.setState(space, ['m.space.child', room], {});
      await alice.ask('DELETE', `/user/${alice.userId}${pathOf(room)}/tags/m.favourite`);
      await alice.ask('PUT', `/user/${alice.userId}/account_data/m.direct`, {});
      expect(await counts()).to.eql({ secret: 1, direct: 0, liked: 0, inside: 0 });
      await alice.leave(room);
      expect(await counts()).to.include({ secret: 1 }); // this connection has it, so it is told that it is left
      expect((await new Slider(alice, 'fresh').sync(body)).lists.secret.count).to.equal(0);
    });

    it('prefers what is not wanted to what is, of types and of tags', async () => {
      const space = await alice.createRoom({ creation_content: { type: 'm.space' } });
      await alice.ask('PUT', `/user/${alice.userId}${pathOf(space)}/tags/a`, {});
      await alice.ask('PUT', `/user/${alice.userId}${pathOf(space)}/tags/b`, {});
      for (const filters of [
        { room_types: ['m.space'], not_room_types: ['m.space'] },
        { tags: ['a'], not_tags: ['b'] },
        { spaces: ['!unknown:a.test'] },
      ]) {
        expect(idsIn(await new Slider(alice, 'prefer').sync(allRooms({ filters }))), JSON.stringify(filters)).to.eql(
          [],
        );
      }
    });

    it('has more than one range, of which rooms are told once', async () => {
      const rooms: string[] = [];
      for (let n = 0; n < 5; n++) rooms.unshift(await alice.createRoom());
      const ranges = [
        [0, 1],
        [1, 2],
        [4, 4],
      ];
      const answer = await slider.sync({ lists: { all: { ranges, timeline_limit: 0, required_state: [] } } });
      expect(answer.lists.all.ops.map((op: any) => op.room_ids)).to.eql([
        rooms.slice(0, 2),
        rooms.slice(1, 3),
        rooms.slice(4),
      ]);
      expect(new Set(Object.keys(answer.rooms))).to.eql(new Set([0, 1, 2, 4].map((n) => rooms[n])));
    });
  });

  describe('of rooms that one is not in', () => {
    it('is the stripped state for who knocks, and the end of it when that is refused', async () => {
      const room = await bob.createRoom({
        name: 'Burrow',
        initial_state: [{ type: 'm.room.join_rules', state_key: '', content: { join_rule: 'knock' } }],
      });
      await alice.ask('POST', `/knock/${encodeURIComponent(room)}`, {});
      const knocked = (await slider.sync(allRooms())).rooms[room];
      expect(knocked).to.include({ name: 'Burrow', initial: true });
      expect(knocked.invite_state.map((e: any) => e.type)).to.include.members(['m.room.create', 'm.room.member']);
      await bob.ask('POST', `${pathOf(room)}/kick`, { user_id: alice.userId });
      const refused = (await slider.sync(allRooms())).rooms[room];
      expect(refused.required_state.map((e: any) => [e.sender, e.content.membership])).to.eql([[bob.userId, 'leave']]);
      expect((await new Slider(alice, 'fresh').sync(allRooms())).lists.all_rooms.count).to.equal(0);
    });

    it('is that one was put out, for new connections too; whom one has never met does not show by a ban', async () => {
      const room = await bob.createRoom({ preset: 'public_chat' });
      await alice.join(room);
      await slider.sync(allRooms());
      await bob.ask('POST', `${pathOf(room)}/kick`, { user_id: alice.userId, reason: 'noise' });
      const kicked = (await slider.sync(allRooms({ timeline_limit: 5 }))).rooms[room];
      expect(kicked.timeline.at(-1).content).to.eql({ membership: 'leave', reason: 'noise' });
      expect(idsIn(await new Slider(alice, 'fresh').sync(allRooms()))).to.eql([room]);
      const other = await bob.createRoom({ preset: 'public_chat' });
      await bob.ask('POST', `${pathOf(other)}/ban`, { user_id: alice.userId });
      expect(idsIn(await slider.sync(allRooms()))).to.eql([room]);
    });

    it('is nothing of rooms that one may not see, however they are asked for', async () => {
      const secret = await bob.createRoom({ name: 'Secret' });
      const subscription = { [secret]: { timeline_limit: 5, required_state: [['*', '*']] } };
      const nowhere = { '!nowhere:a.test': { timeline_limit: 5, required_state: [] }, 'no room at all': {} };
      const { rooms } = await slider.sync({ room_subscriptions: { ...subscription, ...nowhere } });
      expect(rooms).to.eql({});
    });
  });

  it('tells that nobody types any more of rooms that one came back to, or asks for again', async () => {
    const room = await alice.createRoom();
    await bob.join(room);
    const path = (person: Person) => `${pathOf(room)}/typing/${person.userId}`;
    const typists = async (lists?: readonly string[]) => {
      const { extensions } = await slider.sync({ ...allRooms(), extensions: { typing: { enabled: true, lists } } });
      return extensions.typing?.rooms?.[room]?.content.user_ids;
    };
    await alice.ask('PUT', path(alice), { typing: true });
    expect(await typists()).to.eql([alice.userId]);
    await alice.leave(room);
    await alice.join(room, ['a.test']);
    await network.settle();
    expect(await typists()).to.eql([]);
    await bob.ask('PUT', path(bob), { typing: true });
    expect(await typists()).to.eql([bob.userId]);
    await bob.ask('PUT', path(bob), { typing: false });
    expect(await typists([])).to.equal(undefined);
    expect(await typists()).to.eql([]);
  });

  it('has bounds for all that can be asked for', async () => {
    const list = { ranges: [[0, 1]], timeline_limit: 1, required_state: [] };
    const many = (n: number, value: object) =>
      Object.fromEntries(Array.from({ length: n }, (_, i) => [`!k${i}:a.test`, value]));
    const names = Array.from({ length: 201 }, (_, i) => `n${i}`);
    const wrong: readonly object[] = [
      { lists: many(101, list) },
      { room_subscriptions: many(5_001, { timeline_limit: 1, required_state: [] }) },
      { lists: { a: { ...list, ranges: Array.from({ length: 21 }, (_, i) => [i, i]) } } },
      { lists: { a: { ...list, ranges: [[2, 1]] } } },
      { lists: { a: { ...list, ranges: [[-1, 1]] } } },
      { lists: { a: { ...list, timeline_limit: -1 } } },
      { lists: { a: { ...list, required_state: names.map((name) => [name, '']) } } },
      { lists: { a: { ...list, filters: { tags: names } } } },
      { lists: { a: { ...list, filters: { is_dm: 'yes' } } } },
      { extensions: { typing: { enabled: true, lists: names } } },
      { extensions: { [`org.matrix.msc4354.sticky_events`]: { enabled: true, limit: 'all' } } },
    ];
    for (const body of wrong) {
      const { status, body: answer } = await slider.request(body);
      expect([status, answer.errcode], JSON.stringify(body).slice(0, 80)).to.eql([400, 'M_INVALID_PARAM']);
    }
    const room = await alice.createRoom();
    for (let n = 0; n < 105; n++) await alice.say(room, `${n}`);
    const { timeline, limited } = (await slider.sync(allRooms({ timeline_limit: 1_000_000 }))).rooms[room];
    expect([timeline.length, limited]).to.eql([100, true]);
  });
});

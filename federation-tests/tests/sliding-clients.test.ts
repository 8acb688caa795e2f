import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { allRooms, bodiesOf, Slider } from '../src/sliding.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

/** What clients such as Element X take for granted. */
describe('clients of sliding sync', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let room: string;
  let slider: Slider;
  before(async () => (network = await TestNetwork.start('a.test')));
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
    room = await alice.createRoom({ preset: 'public_chat', name: 'Den' });
    await bob.join(room);
    slider = new Slider(alice);
  });

  it('are answered at once where they do not wait', async () => {
    await slider.sync(allRooms());
    const still = await slider.sync(allRooms());
    expect(still).to.deep.include({ rooms: {}, extensions: {} });
    expect(still.lists.all_rooms.count).to.equal(1);
  });

  it('may number their requests, but hear nothing of that: they would not ask again for what they want', async () => {
    expect(await slider.sync({ ...allRooms(), txn_id: 'one' })).to.not.have.property('txn_id');
  });

  it('may ask for each room that they have ever shown', async () => {
    const config = { timeline_limit: 1, required_state: [] };
    const shown = Array.from({ length: 2_000 }, (_, n) => [`!seen${n}:elsewhere.test`, config]);
    const { rooms } = await slider.sync({ room_subscriptions: { ...Object.fromEntries(shown), [room]: config } });
    expect(Object.keys(rooms)).to.eql([room]);
  });

  it('may name each of those rooms again for an extension', async () => {
    const config = { timeline_limit: 1, required_state: [] };
    const rooms = [...Array.from({ length: 4_999 }, (_, n) => `!seen${n}:elsewhere.test`), room];
    const asked = (named: readonly string[]) => ({
      room_subscriptions: { [room]: config },
      extensions: { typing: { enabled: true, lists: [], rooms: named } },
    });
    const typing = (isTyping: boolean) =>
      bob.ask('PUT', `/rooms/${room}/typing/${bob.userId}`, { typing: isTyping, timeout: 30_000 });
    await typing(true);
    const typists = async (named: readonly string[]) =>
      (await slider.sync(asked(named))).extensions.typing?.rooms?.[room]?.content.user_ids;
    expect(await typists(rooms)).to.eql([bob.userId]);
    expect(await typists(rooms), 'the same rooms again').to.equal(undefined);
    await typing(false);
    expect(await typists(rooms.slice(0, -1)), 'other rooms').to.equal(undefined);
    expect(await typists(rooms), 'all of them again').to.eql([]);
    const { status } = await slider.request(asked([...rooms, '!more:elsewhere.test']));
    expect(status).to.equal(400);
  });

  it('may ask for what this server does not know', async () => {
    const filters = { is_tombstoned: false, room_name_like: null, 'org.example.x': [1] };
    const list = { ...allRooms({ filters, sort: ['by_recency'], bump_event_types: ['m.room.message'] }) };
    const extensions = { presence: { enabled: true }, 'org.example.x': { enabled: true, since: 5 } };
    const answer = await slider.sync({ ...list, extensions, clock: 7 });
    expect(Object.keys(answer.rooms)).to.eql([room]);
    expect(answer.extensions).to.eql({});
  });

  it('change what they ask for while a request waits: the one that waits ends, and nothing is lost', async () => {
    await slider.sync(allRooms());
    const waiting = slider.request(allRooms(), 30_000);
    await bob.say(room, 'hello');
    // Whether the first one has been answered by now or not, its answer is not taken in.
    const other = await slider.sync(allRooms({ timeline_limit: 5 }), 30_000);
    expect(bodiesOf(other.rooms[room])).to.eql(['hello']);
    expect((await waiting).status).to.equal(200);
    expect((await slider.sync(allRooms({ timeline_limit: 5 }))).rooms).to.eql({});
  });

  it('hear that a room counts for nothing any more once it is mute, and of no other', async () => {
    const other = await alice.createRoom({ preset: 'public_chat' });
    await bob.join(other);
    for (const one of [room, other]) await bob.say(one, 'hello');
    const asked = { ...allRooms(), extensions: { account_data: { enabled: true } } };
    const first = await slider.sync(asked);
    expect([room, other].map((one) => first.rooms[one].notification_count)).to.eql([1, 1]);
    await alice.ask('PUT', `/pushrules/global/room/${encodeURIComponent(room)}`, { actions: [] });
    const { rooms } = await slider.sync(asked, 30_000);
    expect(Object.keys(rooms)).to.eql([room]);
    expect(rooms[room]).to.include({ notification_count: 0 });
    expect((await slider.sync(asked)).rooms).to.eql({});
  });

  it('see no room any more that they have left and forgotten, and see it anew when they come back', async () => {
    await slider.sync(allRooms());
    await alice.leave(room);
    const left = await slider.sync(allRooms());
    expect(left.rooms[room].timeline.at(-1).content.membership).to.equal('leave');
    expect((await slider.sync(allRooms())).rooms).to.eql({});
    await alice.forget(room);
    const gone = await slider.sync(allRooms());
    expect([gone.lists.all_rooms.count, gone.rooms]).to.eql([0, {}]);
    await alice.join(room);
    expect((await slider.sync(allRooms())).rooms[room]).to.include({ initial: true, name: 'Den', joined_count: 2 });
  });

  it('find the tombstone of a room that was replaced, and both rooms in their list', async () => {
    const asked = allRooms({ required_state: [['m.room.tombstone', '']] });
    await slider.sync(asked);
    const { replacement_room: next } = await alice.ask('POST', `/rooms/${encodeURIComponent(room)}/upgrade`, {
      new_version: '11',
    });
    const { rooms, lists } = await slider.sync(asked);
    const [tombstone] = rooms[room].required_state;
    expect([tombstone.type, tombstone.content.replacement_room]).to.eql(['m.room.tombstone', next]);
    expect(rooms[next]).to.include({ initial: true, name: 'Den' });
    expect(lists.all_rooms.count).to.equal(2);
  });

  it('learn the names and pictures of those whom a room is called by', async () => {
    const unnamed = await alice.createRoom();
    await bob.ask('PUT', `/profile/${bob.userId}/displayname`, { displayname: 'Bob' });
    await bob.ask('PUT', `/profile/${bob.userId}/avatar_url`, { avatar_url: 'mxc://a.test/bob' });
    await bob.join(unnamed);
    // His new name makes its way into his other rooms, which may hold back for a moment how far one looks.
    await network.settle();
    const { rooms } = await slider.sync(allRooms());
    const heroes = [{ user_id: bob.userId, displayname: 'Bob', avatar_url: 'mxc://a.test/bob' }];
    expect(rooms[unnamed].heroes).to.eql(heroes);
    expect(rooms[unnamed]).to.not.have.property('name');
    expect(rooms[room]).to.not.have.property('heroes');
  });

  it('that load members lazily are told once of those whom a room is called by and who have no display name', async () => {
    const [carol, unnamed] = [await network.person('carol', 'a.test'), await alice.createRoom()];
    await bob.join(unnamed);
    await alice.say(unnamed, 'hello');
    const body = allRooms({ timeline_limit: 1, required_state: [['m.room.member', '$LAZY']] });
    const told = async (): Promise<unknown> =>
      (await slider.sync(body)).rooms[unnamed].required_state?.map(({ state_key: user }: any) => user);
    expect(await told()).to.have.members([alice.userId, bob.userId]);
    await carol.ask('PUT', `/profile/${carol.userId}/displayname`, { displayname: 'Carol' });
    await carol.join(unnamed);
    expect(await told()).to.eql([carol.userId]);
    const named = new Slider(alice);
    const { rooms } = await named.sync(body);
    expect(rooms[unnamed].heroes).to.deep.include({ user_id: carol.userId, displayname: 'Carol' });
    await carol.say(unnamed, 'hello');
    await alice.say(unnamed, 'hello');
    const { required_state: state } = (await new Slider(alice).sync(body)).rooms[unnamed];
    expect(state.map(({ state_key: user }: any) => user)).to.have.members([alice.userId, bob.userId]);
  });

  it('call a room that has an alias by who is there, unless it has a name', async () => {
    const den = await alice.createRoom({ preset: 'public_chat', room_alias_name: `den-${alice.name}` });
    await bob.join(den);
    const heroesIn = ({ rooms }: any) => rooms[den].heroes?.map(({ user_id: user }: any) => user);
    expect(heroesIn(await slider.sync(allRooms()))).to.eql([bob.userId]);
    // The sync of before takes the alias for a name.
    const { rooms } = await alice.ask('GET', '/sync');
    expect(rooms.join[den].summary).to.not.have.property('m.heroes');
    await alice.setState(den, ['m.room.name', ''], { name: 'Den' });
    expect(heroesIn(await slider.sync(allRooms()))).to.equal(undefined);
    await alice.setState(den, ['m.room.name', ''], {});
    expect(heroesIn(await slider.sync(allRooms()))).to.eql([bob.userId]);
  });

  it('that come back to a room hear of a gap, though all that they may see of it fits into what they are shown', async () => {
    const [carol, dave] = [await network.person('carol', 'a.test'), await network.person('dave', 'a.test')];
    const type = 'm.room.history_visibility';
    const initial_state = [{ type, state_key: '', content: { history_visibility: 'joined' } }];
    const den = await bob.createRoom({ preset: 'public_chat', name: 'Lair', initial_state });
    for (const person of [carol, alice]) await person.join(den);
    const body = allRooms({ timeline_limit: 50, required_state: [['m.room.member', '$LAZY']] });
    expect((await slider.sync(body)).rooms[den]).to.include({ initial: true, limited: false });
    await alice.leave(den);
    await carol.leave(den);
    await dave.join(den);
    await alice.join(den);
    const told = (await slider.sync(body)).rooms[den];
    const users = told.required_state.map(({ state_key: user }: any) => user);
    expect(users, 'who came and went is not told').to.have.members([alice.userId, bob.userId]);
    expect(told).to.include({ initial: true, limited: true });
    expect((await slider.sync(body)).rooms).to.eql({});
  });

  describe('that load members lazily are told again', () => {
    let carol: Person;
    const body = allRooms({ timeline_limit: 2, required_state: [['m.room.member', '$LAZY']] });
    const told = async (): Promise<string[]> => {
      const { required_state: state = [] } = (await slider.sync(body)).rooms[room];
      return state.map(({ state_key: user, content }: any) => `${user} ${content.displayname}`);
    };

    beforeEach(async () => {
      carol = await network.person('carol', 'a.test');
      await carol.join(room);
      for (let i = 0; i < 2; i++) await carol.say(room, `${i}`);
      expect(await told()).to.eql([`${carol.userId} undefined`]);
    });

    const rename = async () => {
      const renamed = { membership: 'join', displayname: 'Caroline' };
      await carol.setState(room, ['m.room.member', carol.userId], renamed);
    };

    it('whom they know by another name, when somebody changed in a gap', async () => {
      await rename();
      for (let i = 0; i < 3; i++) await bob.say(room, `${i}`);
      expect(await told()).to.eql([`${bob.userId} undefined`]);
      await carol.say(room, 'it is me');
      expect(await told()).to.eql([`${carol.userId} Caroline`]);
    });

    it('whom they know by another name, when somebody changed while nobody asked for members', async () => {
      await slider.sync(allRooms({ timeline_limit: 2 }));
      await rename();
      await slider.sync(allRooms({ timeline_limit: 2 }));
      await carol.say(room, 'it is me');
      expect(await told()).to.eql([`${carol.userId} Caroline`]);
      await carol.say(room, 'again');
      expect(await told()).to.eql([]);
    });

    it('who speaks in such a gap, and nobody where nobody changed', async () => {
      for (let i = 0; i < 3; i++) await carol.say(room, `${i}`);
      expect(await told()).to.eql([]);
      await rename();
      for (let i = 0; i < 3; i++) await carol.say(room, `${i}`);
      expect(await told()).to.eql([`${carol.userId} Caroline`]);
    });

    it('whom they knew before they left and came back', async () => {
      await alice.leave(room);
      await slider.sync(body);
      await rename();
      await alice.join(room);
      await alice.say(room, 'back');
      expect(await told()).to.eql([`${alice.userId} undefined`]);
      await carol.say(room, 'it is me');
      expect(await told()).to.eql([`${carol.userId} Caroline`]);
    });
  });
});

import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import { allRooms, Slider } from '../src/sliding.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const ASKED = allRooms({
  timeline_limit: 2,
  required_state: [
    ['m.room.member', '$ME'],
    ['m.room.member', '$LAZY'],
  ],
});

/** Clients show these rooms, and take their user's standing from their own member event. */
describe('rooms by sliding sync that one was put out of', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  let slider: Slider;

  before(async () => (network = await TestNetwork.start('a.test')));
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    [alice, bob, carol] = await Promise.all([
      network.person('alice', 'a.test'),
      network.person('bob', 'a.test'),
      network.person('carol', 'a.test'),
    ]);
    slider = new Slider(bob);
  });

  const roomOf = async (wish: object): Promise<string> => {
    const room = await alice.createRoom({ preset: 'public_chat', ...wish });
    for (const person of [carol, bob]) await person.join(room);
    return room;
  };
  const unban = (room: string) => alice.ask('POST', `${pathOf(room)}/unban`, { user_id: bob.userId });
  const own = ({ required_state: state }: any): any =>
    state.filter(({ state_key: user }: any) => user === bob.userId).map(({ content }: any) => content.membership);

  const ends: Readonly<Record<string, (room: string) => Promise<unknown>>> = {
    'ban, which was taken back': async (room) => {
      await alice.ban(room, bob);
      await unban(room);
    },
    'kick and a ban': async (room) => {
      await alice.kick(room, bob);
      await alice.ban(room, bob);
    },
  };
  for (const [name, put] of Object.entries(ends)) {
    for (const isKnown of [true, false]) {
      it(`say what is so after a ${name}, to a connection that ${isKnown ? 'had the room' : 'is new'}`, async () => {
        const room = await roomOf({ name: 'Den' });
        if (isKnown) await slider.sync(ASKED);
        await put(room);
        const told = (await slider.sync(ASKED)).rooms[room];
        const now = name.startsWith('kick') ? 'ban' : 'leave';
        expect(own(told)).to.eql([now]);
        expect(told.timeline.at(-1).content.membership).to.equal(now);
      });
    }
  }

  it('have their name, and the members that are seen there', async () => {
    const room = await roomOf({ name: 'Den' });
    for (const person of [alice, carol]) await person.say(room, 'hello');
    await alice.kick(room, bob);
    const told = (await slider.sync(ASKED)).rooms[room];
    expect(told).to.include({ name: 'Den', initial: true }).and.not.have.property('joined_count');
    const members = told.required_state.map(({ state_key: user }: any) => user);
    expect(members).to.have.members([alice.userId, bob.userId, carol.userId]);
  });

  it('have the name that they got last', async () => {
    const room = await roomOf({ name: 'Den' });
    await slider.sync(ASKED);
    await alice.setState(room, ['m.room.name', ''], { name: 'Lair' });
    await alice.kick(room, bob);
    await alice.setState(room, ['m.room.name', ''], { name: 'Elsewhere' });
    expect((await slider.sync(ASKED)).rooms[room].name).to.equal('Lair');
  });

  for (const dialect of ['unstable', 'v4'] as const) {
    it(`are what their user takes them for: one to one, or not, in ${dialect}`, async () => {
      const [one, other] = [await roomOf({}), await roomOf({})];
      const take = (...rooms: readonly string[]) =>
        bob.ask('PUT', `/user/${bob.userId}/account_data/m.direct`, { [alice.userId]: rooms });
      const known = new Slider(bob, 'known', dialect);
      await take(one);
      await known.sync(ASKED);
      for (const room of [one, other]) await alice.kick(room, bob);
      const { rooms } = await new Slider(bob, 'new', dialect).sync(ASKED);
      expect([rooms[one].is_dm, rooms[other].is_dm]).to.eql([true, undefined]);
      await take(other);
      const { rooms: later } = await known.sync(ASKED);
      expect([later[one].is_dm, later[other].is_dm]).to.eql([false, true]);
    });
  }

  describe('are named by those', () => {
    const heroesIn = async (room: string): Promise<string[]> =>
      (await slider.sync(ASKED)).rooms[room].heroes.map(({ user_id: user }: any) => user);

    it('who were there, and nobody who has come since', async () => {
      const room = await roomOf({});
      await alice.kick(room, bob);
      const dave = await network.person('dave', 'a.test');
      await dave.join(room);
      expect(await heroesIn(room)).to.have.members([alice.userId, carol.userId]);
    });

    it('who were there, all of them', async () => {
      const room = await roomOf({});
      await alice.kick(room, bob);
      expect(await heroesIn(room)).to.have.members([alice.userId, carol.userId]);
    });

    it('who were there, though they have left since', async () => {
      const room = await roomOf({});
      await alice.kick(room, bob);
      await carol.leave(room);
      expect(await heroesIn(room)).to.have.members([alice.userId, carol.userId]);
    });

    it('who were there, and nobody who had left before', async () => {
      const room = await roomOf({});
      await carol.leave(room);
      await alice.kick(room, bob);
      expect(await heroesIn(room)).to.eql([alice.userId]);
    });

    it('who had been there, where nobody else was', async () => {
      const room = await roomOf({});
      await slider.sync(ASKED);
      for (const person of [alice, carol, bob]) await person.leave(room);
      expect(await heroesIn(room)).to.have.members([alice.userId, carol.userId]);
    });
  });
});

import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { textsOf, type Person } from '../src/people.ts';

const VERSIONS = Array.from({ length: 12 }, (_, index) => String(index + 1));

/**
 * Two halves of a room that go on without each other, and must be of one mind afterwards: which state each server ends
 * up with may not depend on what it heard first. https://spec.matrix.org/latest/rooms/v2/#state-resolution
 */
describe('a room whose servers lost each other', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  before(async () => {
    network = await TestNetwork.start('a.test', 'b.test');
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
  });
  after(() => network[Symbol.asyncDispose]());

  /** A room in which Bob may do what moderators do. */
  const sharedRoom = async (version: string): Promise<string> => {
    const room = await alice.createRoom({
      preset: 'public_chat',
      room_version: version,
      power_level_content_override: { users_default: 50 },
    });
    await bob.join(room, ['a.test']);
    await network.settle();
    await Promise.all([alice.view.sync(), bob.view.sync()]);
    return room;
  };

  const expectOneMind = async (room: string): Promise<Readonly<Record<string, string>>> => {
    const state = await alice.state(room);
    expect(await bob.state(room)).to.deep.equal(state);
    return state;
  };

  for (const version of VERSIONS) {
    it(`agrees again on one topic and one name in room version ${version}`, async () => {
      const room = await sharedRoom(version);
      network.cut('a.test', 'b.test');
      await alice.setState(room, ['m.room.topic', ''], { topic: "Alice's topic" });
      await alice.say(room, 'is anybody there?');
      network.clock.advance(10);
      await bob.setState(room, ['m.room.topic', ''], { topic: "Bob's topic" });
      await bob.setState(room, ['m.room.name', ''], { name: "Bob's room" });
      await bob.say(room, 'hello?');
      await network.settle();
      expect(await bob.stateAt(room, ['m.room.topic', ''])).to.deep.include({ topic: "Bob's topic" });
      expect(await alice.stateAt(room, ['m.room.topic', ''])).to.deep.include({ topic: "Alice's topic" });
      await network.heal('a.test', 'b.test');
      await expectOneMind(room);
      expect(await alice.stateAt(room, ['m.room.name', ''])).to.deep.equal({ name: "Bob's room" });
      expect(textsOf(await alice.history(room))).to.have.members(['is anybody there?', 'hello?']);
      // What comes next ties the two ends together.
      await alice.say(room, 'there you are');
      await network.settle();
      await expectOneMind(room);
    });
  }

  for (const version of ['1', '2', '6', '10', '11', '12']) {
    it(`lets a ban win over what the banned did meanwhile in room version ${version}`, async () => {
      const room = await sharedRoom(version);
      network.cut('a.test', 'b.test');
      await alice.ban(room, bob);
      network.clock.advance(10);
      await bob.setState(room, ['m.room.topic', ''], { topic: 'mine' });
      await network.heal('a.test', 'b.test');
      const topic = await alice.request('GET', `/rooms/${room}/state/m.room.topic/`);
      expect(topic.status).to.equal(404);
      expect((await alice.members(room))[bob.userId]).to.equal('ban');
      await bob.view.until('the ban', ({ left }) => left.has(room));
    });
  }

  for (const version of ['6', '11', '12']) {
    // Among changes of one moment, the resolution of state goes by their ids: by chance.
    it(`hears of all who come and go, be it in one millisecond, in room version ${version}`, async () => {
      const room = await sharedRoom(version);
      const carol = await network.person('carol', 'a.test');
      await carol.join(room);
      await network.settle();
      network.cut('a.test', 'b.test');
      for (let i = 0; i < 5; i++) {
        await carol.leave(room);
        await carol.join(room);
      }
      await carol.leave(room);
      await bob.say(room, 'anybody there?'); // Carol is, as far as his server knows: the two have to be resolved
      await network.heal('a.test', 'b.test');
      await expectOneMind(room);
      expect((await bob.members(room))[carol.userId]).to.equal('leave');
      const comings = async (eyes: Person) =>
        (await eyes.history(room)).flatMap(({ state_key: key, content }) =>
          key === carol.userId ? [content.membership] : [],
        );
      expect(await comings(alice)).to.have.length(12);
      expect(await comings(bob)).to.eql(await comings(alice));
    });
  }

  it('lets a demotion win over what the demoted did meanwhile', async () => {
    const room = await sharedRoom('12');
    const levels = await alice.stateAt(room, ['m.room.power_levels', '']);
    network.cut('a.test', 'b.test');
    await alice.setState(room, ['m.room.power_levels', ''], { ...levels, users_default: 0 });
    network.clock.advance(10);
    await bob.setState(room, ['m.room.topic', ''], { topic: 'mine' });
    await network.heal('a.test', 'b.test');
    const state = await expectOneMind(room);
    expect(state).not.to.have.property('m.room.topic ');
  });
});

import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { allRooms, Slider } from '../src/sliding.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

/** Of a room clients take their user for joined unless something says that they are not. */
describe('rooms by sliding sync whose forks were resolved', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  let room: string;
  before(async () => (network = await TestNetwork.start('a.test', 'b.test')));
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    [alice, bob, carol] = await Promise.all([
      network.person('alice', 'a.test'),
      network.person('bob', 'b.test'),
      network.person('carol', 'b.test'),
    ]);
    room = await alice.createRoom({ preset: 'public_chat', name: 'Den' });
    await bob.join(room, ['a.test']);
    await network.settle();
  });

  const own = ({ required_state: state }: any): any =>
    state.filter(({ state_key: user }: any) => user === carol.userId).map(({ content }: any) => content.membership);

  for (const dialect of ['unstable', 'v4'] as const) {
    it(`are left where a join was taken back, in ${dialect}`, async () => {
      const slider = new Slider(carol, 'list', dialect);
      network.cut('a.test', 'b.test');
      await alice.setState(room, ['m.room.join_rules', ''], { join_rule: 'invite' });
      network.clock.advance(10);
      // Nobody can know yet that the room is not open any more.
      await carol.join(room);
      expect((await slider.sync(allRooms())).rooms[room]).to.include({ name: 'Den' });
      await network.heal('a.test', 'b.test');
      await alice.say(room, 'there you are');
      await network.settle();
      expect(await bob.members(room)).to.not.have.property(carol.userId);
      expect(own((await slider.sync(allRooms())).rooms[room])).to.eql(['leave']);
      expect((await slider.sync(allRooms())).rooms).to.eql({});
    });

    it(`are left where an invitation was taken back, in ${dialect}`, async () => {
      const slider = new Slider(carol, 'list', dialect);
      const levels = await alice.stateAt(room, ['m.room.power_levels', '']);
      await alice.setState(room, ['m.room.power_levels', ''], { ...levels, invite: 50, users_default: 50 });
      await network.settle();
      network.cut('a.test', 'b.test');
      await alice.setState(room, ['m.room.power_levels', ''], { ...levels, invite: 50 });
      network.clock.advance(10);
      // Nobody can know yet that Bob may not.
      await bob.invite(room, carol);
      expect((await slider.sync(allRooms())).rooms[room].invite_state).to.be.an('array');
      await network.heal('a.test', 'b.test');
      await alice.say(room, 'there you are');
      await network.settle();
      expect(await bob.members(room)).to.not.have.property(carol.userId);
      const told = (await slider.sync(allRooms())).rooms[room];
      if (dialect === 'v4') expect(told.membership).to.equal('leave');
      else expect([own(told), told.timeline]).to.eql([['leave'], []]);
    });
  }
});

import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { allRooms, Slider } from '../src/sliding.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

describe('the order of rooms by sliding sync', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  /** What was said in it is older than alice's rooms. */
  let old: string;
  let rooms: readonly string[];

  before(async () => (network = await TestNetwork.start('a.test')));
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
    old = await bob.createRoom();
    await bob.say(old, 'hello');
    rooms = [await alice.createRoom(), await alice.createRoom()].reverse();
  });

  const orderOf = async (slider = new Slider(alice, 'order')): Promise<string[]> =>
    (await slider.sync(allRooms())).lists.all_rooms.ops[0].room_ids;
  const renamed = async (displayname: string) => {
    await alice.ask('PUT', `/profile/${alice.userId}/displayname`, { displayname });
    await network.settle();
  };

  it('has on top what one has come into, so that the end of an invitation is told', async () => {
    const asked = allRooms({ required_state: [['m.room.member', '$ME']] }, [0, 1]);
    const slider = new Slider(alice);
    await slider.sync(asked);
    await bob.invite(old, alice);
    expect((await slider.sync(asked)).rooms[old]).to.have.property('invite_state');
    await alice.join(old);
    const { lists, rooms: told } = await slider.sync(asked);
    expect(lists.all_rooms.ops[0].room_ids).to.eql([old, rooms[0]]);
    expect(told[old].required_state.map(({ content }: any) => content.membership)).to.eql(['join']);
  });

  it('is the same after a change of profile, and after a restart', async () => {
    await alice.join(old);
    await alice.say(rooms[1]!, 'up');
    const order = [rooms[1]!, old, rooms[0]!];
    const slider = new Slider(alice);
    expect(await orderOf(slider)).to.eql(order);
    for (const name of ['Alice', 'Alicia']) {
      await renamed(name);
      expect(await orderOf(slider), name).to.eql(order);
    }
    await network.stop('a.test');
    await network.start('a.test');
    expect(await orderOf(), 'after a restart').to.eql(order);
    await alice.leave(old);
    await alice.join(old);
    expect(await orderOf(), 'back again').to.eql([old, rooms[1]!, rooms[0]!]);
  });
});

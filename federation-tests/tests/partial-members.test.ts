import { sql } from '@holm/homeserver/storage/sql';
import { expect } from 'chai';
import { withoutEvents } from '../src/hidden-state.ts';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';

describe('members of a room that is known in part', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let dave: Person;
  let room: string;
  const held: (() => void)[] = [];

  beforeEach(async () => {
    network = await TestNetwork.with({ names: ['a.test', 'b.test'], config: { rooms: { omit_members_from: 1 } } });
    [alice, bob, dave] = await Promise.all([
      network.person('alice', 'a.test'),
      network.person('bob', 'b.test'),
      network.person('dave', 'b.test'),
    ]);
    room = await alice.createRoom({ preset: 'public_chat', name: 'Large', room_version: '11' });
  });
  afterEach(async () => {
    for (const release of held.splice(0)) release();
    await network[Symbol.asyncDispose]();
  });
  const rooms = () => network.server('b.test').running.services.rooms;
  const partial = () => rooms().engine.partial.all();
  const hold = (): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { remote } = rooms();
    const state = remote.state.bind(remote);
    remote.state = async (...args) => {
      await promise;
      return state(...args);
    };
    held.push(resolve);
    return resolve;
  };

  it('are told when they were invited, and have been banned while this server was not in the room', async () => {
    const carol = await network.person('carol', 'a.test');
    await carol.join(room);
    await alice.setState(room, ['m.room.power_levels', ''], { users: { [alice.userId]: 100, [carol.userId]: 50 } });
    await alice.invite(room, dave);
    await dave.view.until('the invite', ({ invited }) => invited.has(room));
    // Of nobody but who invited him can Dave's server believe that, while it is not in the room; nor does anybody tell it.
    await carol.ban(room, dave);
    await network.settle();
    await dave.view.sync();
    expect(dave.view.invited.has(room)).to.equal(true);
    const release = hold();
    await bob.join(room, ['a.test']);
    await alice.say(room, 'hello');
    await bob.view.untilMessage(room, 'hello');
    await dave.view.sync();
    expect(dave.view.invited.has(room)).to.equal(true);
    const told = dave.view.until('the ban', ({ invited, left }) => !invited.has(room) && left.has(room));
    release();
    await told;
    await network.settle();
    expect(partial()).to.eql([]);
    expect(dave.view.left.has(room)).to.equal(true);
  });

  it('are not those that an attempt has left behind which came to nothing', async () => {
    const carol = await network.person('carol', 'a.test');
    await carol.join(room);
    const { engine, remote } = rooms();
    const state = remote.state.bind(remote);
    remote.state = async (...args) => {
      const answer = await state(...args);
      // As if it ended half-way: in memory nobody knows of it any more.
      const { writer } = engine;
      const commitIn = writer.commitIn.bind(writer);
      writer.commitIn = () => {
        writer.commitIn = commitIn;
        return Promise.reject(new Error('expected: it ends here'));
      };
      remote.state = () => Promise.reject(new Error('expected: not now'));
      return answer;
    };
    await bob.join(room, ['a.test']);
    await network.settle();
    expect(partial().length).to.equal(1);
    const member = () => network.server('b.test').rows(sql`SELECT 1 FROM memberships WHERE user_id = ${carol.userId}`);
    expect((await member()).length).to.equal(1);
    // The next one says that Carol has never been in it.
    remote.state = async (...args) => {
      return withoutEvents(await state(...args), ({ state_key: key }) => key === carol.userId);
    };
    for (let minute = 0; minute < 5 && partial().length > 0; minute++) {
      network.clock.advance(60_000);
      await network.settle();
    }
    expect(partial()).to.eql([]);
    expect((await member()).length).to.equal(0);
    expect(Object.keys(await bob.members(room))).not.to.include(carol.userId);
  });

  it('are news to those who share keys with them, also when the server ended right after it had come to know them', async () => {
    const carol = await network.person('carol', 'a.test');
    await carol.join(room);
    const release = hold();
    await bob.join(room, ['a.test']);
    await alice.say(room, 'hello');
    await bob.view.untilMessage(room, 'hello');
    const erin = await network.person('erin', 'a.test');
    release();
    await network.settle();
    expect(partial()).to.eql([]);
    await network.stop('b.test');
    await network.start('b.test');
    const { device_lists: lists } = await bob.view.sync();
    expect(lists.changed).to.include(carol.userId);
    expect(lists.changed).not.to.include(erin.userId);
    const { device_lists: later } = await bob.view.sync();
    expect(later?.changed ?? []).not.to.include(carol.userId);
  });
});

import type { RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';

describe('invitations to rooms that are elsewhere', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let room: string;
  before(async () => {
    network = await TestNetwork.start('a.test', 'b.test');
  });
  beforeEach(async () => {
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
    room = await alice.createRoom({ preset: 'private_chat', power_level_content_override: { users_default: 50 } });
    await alice.invite(room, bob);
    await bob.view.until('the invitation', ({ invited }) => invited.has(room));
  });
  after(() => network[Symbol.asyncDispose]());

  for (const verb of ['kick', 'ban'] as const) {
    it(`are gone when whoever sent them takes them back with a ${verb}`, async () => {
      await alice[verb](room, bob);
      await bob.view.until('that it is gone', ({ invited, left }) => !invited.has(room) && left.has(room));
      await bob.view.sync();
      expect(bob.view.invited.has(room)).to.equal(false);
      expect((await bob.request('POST', `/join/${room}?via=a.test`, {})).body.errcode).to.equal('M_FORBIDDEN');
    });
  }

  it('stay when somebody else takes them back, whose power cannot be judged from here', async () => {
    const carol = await network.person('carol', 'a.test');
    await alice.invite(room, carol);
    await carol.join(room);
    const levels = await alice.stateAt(room, ['m.room.power_levels', '']);
    await alice.setState(room, ['m.room.power_levels', ''], { ...levels, users: { [carol.userId]: 75 } });
    await carol.kick(room, bob);
    await network.settle();
    await bob.view.sync();
    expect(bob.view.invited.has(room)).to.equal(true);
  });

  it('rest on the room once it is joined, like all other state', async () => {
    await bob.join(room);
    await network.settle();
    const { rooms, states } = network.server('b.test').running.services.rooms.engine;
    const { head } = await rooms.joined(room as RoomId);
    const unnumbered = (await states.all(head.snapshot)).filter(({ authNumber }) => authNumber === undefined);
    expect(unnumbered.map(({ event }) => event.type)).to.deep.equal([]);
  });

  it('can be sent again', async () => {
    await alice.kick(room, bob);
    await bob.view.until('that it is gone', ({ left }) => left.has(room));
    await alice.invite(room, bob);
    await bob.view.until('the second', ({ invited }) => invited.has(room));
    await bob.join(room);
    await network.settle();
    expect(await bob.state(room)).to.deep.equal(await alice.state(room));
  });
});

import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';

describe('the aliases that a server keeps for a room', () => {
  let network: TestNetwork;
  before(async () => (network = await TestNetwork.start('a.test')));
  after(() => network[Symbol.asyncDispose]());

  const asked = (person: Person, room: string) => person.request('GET', `${pathOf(room)}/aliases`);

  it('are told to who is in the room, and to others only where everybody may look in', async () => {
    const [alice, bob, carol] = await Promise.all(
      ['alice', 'bob', 'carol'].map((name) => network.person(name, 'a.test')),
    );
    if (!alice || !bob || !carol) throw new Error('somebody is missing');
    const room = await alice.createRoom({ preset: 'public_chat', room_alias_name: 'first' });
    await bob.join(room);
    expect((await asked(bob, room)).body).to.eql({ aliases: ['#first:a.test'] });
    await bob.leave(room);
    for (const outsider of [bob, carol]) {
      const { status, body } = await asked(outsider, room);
      expect([status, body.errcode]).to.eql([403, 'M_FORBIDDEN']);
    }
    await alice.setState(room, ['m.room.history_visibility', ''], { history_visibility: 'world_readable' });
    for (const outsider of [bob, carol]) {
      expect((await asked(outsider, room)).body).to.eql({ aliases: ['#first:a.test'] });
    }
  });
});

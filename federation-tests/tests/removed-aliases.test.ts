import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';

const CANONICAL = ['m.room.canonical_alias', ''] as const;

describe('an alias that is removed', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  before(async () => {
    network = await TestNetwork.start('a.test');
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'a.test');
  });
  after(() => network[Symbol.asyncDispose]());

  const directory = (alias: string) => `/directory/room/${encodeURIComponent(alias)}`;
  /** A room of alice's that is called by three names, of which bob made the second. */
  const named = async (name: string) => {
    const room = await alice.createRoom({ preset: 'public_chat' });
    await bob.join(room);
    const [main, other, third] = [1, 2, 3].map((nth) => `#${name}${nth}:a.test`) as [string, string, string];
    for (const [alias, owner] of [[main, alice], [other, bob], [third, alice]] as const) {
      await owner.ask('PUT', directory(alias), { room_id: room });
    } // prettier-ignore
    await alice.setState(room, CANONICAL, { alias: main, alt_aliases: [other, third], 'test.more': 1 });
    return { room, main, other, third };
  };

  it('is no name of its room any more', async () => {
    const { room, main, other, third } = await named('gone');
    await alice.ask('DELETE', directory(other));
    expect(await alice.stateAt(room, CANONICAL)).to.deep.equal({ alias: main, alt_aliases: [third], 'test.more': 1 });
    await alice.ask('DELETE', directory(main));
    expect(await alice.stateAt(room, CANONICAL)).to.deep.equal({ alt_aliases: [third], 'test.more': 1 });
  });

  it('is gone even if whoever removes it may not change what the room is called', async () => {
    const { room, main, other, third } = await named('kept');
    await bob.ask('DELETE', directory(other));
    const { alt_aliases: others, alias } = await alice.stateAt(room, CANONICAL);
    expect([alias, others]).to.deep.equal([main, [other, third]]);
    expect((await alice.request('GET', directory(other))).status).to.equal(404);
  });

  it('that the room does not go by changes nothing there', async () => {
    const { room } = await named('quiet');
    await alice.ask('PUT', directory('#fourth:a.test'), { room_id: room });
    const before = await alice.state(room);
    await alice.ask('DELETE', directory('#fourth:a.test'));
    expect(await alice.state(room)).to.deep.equal(before);
    expect(await alice.ask('GET', `${pathOf(room)}/aliases`))
      .to.have.property('aliases')
      .with.length(3);
  });
});

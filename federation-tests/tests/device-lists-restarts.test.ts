import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';

/** Whom a person's next sync names beside its rooms. */
const told = async (person: Person): Promise<{ changed: string[]; left: string[] }> => {
  const { device_lists: lists = { changed: [], left: [] } } = await person.view.sync();
  return { changed: lists.changed.toSorted(), left: lists.left.toSorted() };
};

describe('device lists after a restart', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let dave: Person;

  before(async () => {
    network = await TestNetwork.start('a.test');
  });
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    [alice, bob, dave] = await Promise.all([
      network.person('alice', 'a.test'),
      network.person('bob', 'a.test'),
      network.person('dave', 'a.test'),
    ]);
    for (const person of [alice, bob, dave]) await person.view.sync();
  });

  const restart = async () => {
    await network.stop('a.test');
    await network.start('a.test');
  };

  it('name those with whom no room is shared any more, whoever left it first', async () => {
    const room = await alice.createRoom();
    await dave.join(room);
    for (const person of [alice, dave]) await person.view.sync();
    await dave.leave(room);
    await alice.invite(room, dave);
    await alice.leave(room);
    await alice.forget(room);
    await restart();
    expect(await told(alice)).to.eql({ changed: [], left: [dave.userId] });
    expect(await told(dave)).to.eql({ changed: [], left: [alice.userId] });
  });

  it('do not tell who is in a room that one has declined to enter', async () => {
    const secret = await alice.createRoom({ preset: 'private_chat', invite: [bob.userId] });
    await bob.join(secret);
    for (const person of [alice, bob, dave]) await person.view.sync();
    await alice.invite(secret, dave);
    await dave.leave(secret);
    await restart();
    expect(await told(dave)).to.eql({ changed: [], left: [] });
  });
});

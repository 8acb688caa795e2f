import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { textsOf, type Person } from '../src/people.ts';

/** More than a server fetches at once when it finds that it missed something. */
const MANY = 150;

describe('history that a server missed', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  before(async () => {
    network = await TestNetwork.start('a.test', 'b.test');
  });
  beforeEach(async () => {
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
  });
  after(() => network[Symbol.asyncDispose]());

  const idsOf = async (person: Person, room: string) =>
    (await person.history(room, 50)).map(({ event_id: id }) => id as string);
  const missed = Array.from({ length: MANY }, (_, index) => `missed ${index}`);

  it('while nobody of it was in the room stands where it belongs', async () => {
    const room = await alice.createRoom();
    await bob.join(room, ['a.test']);
    await bob.say(room, 'early');
    await network.settle();
    await bob.leave(room);
    await network.settle();
    for (const text of missed) await alice.say(room, text);
    await bob.join(room, ['a.test']);
    await network.settle();
    expect(textsOf(await bob.history(room, 50)).reverse()).to.deep.equal(['early', ...missed]);
    expect(await idsOf(bob, room)).to.deep.equal(await idsOf(alice, room));
    // Once it is there, it stays there, and nobody is asked again.
    network.cut('a.test', 'b.test');
    expect(textsOf(await bob.history(room, 7)).reverse()).to.deep.equal(['early', ...missed]);
    await network.heal('a.test', 'b.test');
  });

  it('can be read by the one who owns the room, too', async () => {
    const room = await alice.createRoom();
    await bob.join(room, ['a.test']);
    await network.settle();
    await alice.leave(room);
    await network.settle();
    await bob.say(room, 'all alone');
    await alice.join(room, ['b.test']);
    await network.settle();
    expect(textsOf(await alice.history(room))).to.deep.equal(['all alone']);
    expect(await idsOf(alice, room)).to.deep.equal(await idsOf(bob, room));
  });

  it('is where clients look for it: their timelines are cut where something was missed', async () => {
    const room = await alice.createRoom();
    const carol = await network.person('carol', 'b.test');
    await bob.join(room, ['a.test']);
    await network.settle();
    await bob.view.sync();
    await bob.leave(room);
    await network.settle();
    for (const text of missed.slice(0, 5)) await alice.say(room, text);
    await carol.join(room, ['a.test']);
    await bob.join(room);
    await network.settle();
    await bob.view.sync();
    const view = bob.view.joined.get(room)!;
    expect(textsOf(view.timeline)).to.deep.equal([]);
    expect(view.gap).to.be.a('string');
    const path = `/rooms/${room}/messages?dir=b&limit=5&from=${encodeURIComponent(view.gap!)}`;
    expect(textsOf((await bob.ask('GET', path)).chunk).reverse()).to.deep.equal(missed.slice(0, 5));
  });
});

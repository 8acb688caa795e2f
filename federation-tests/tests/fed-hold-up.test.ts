import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import { EventId } from '@holm/spec/ids';
import { expect } from 'chai';
import { expectHeard, holdUp } from '../src/held-up.ts';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { RogueRoom } from '../src/rogue-room.ts';
import { Rogue } from '../src/rogue.ts';

describe('a server that lets others wait', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let bob: Person;
  before(async () => {
    rogue = await Rogue.start('rogue.test', new ManualClock());
    const strangers = { 'rogue.test': rogue.url };
    network = await TestNetwork.with({ names: ['a.test', 'b.test'], strangers });
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  it('does not keep the events of other servers from a room', async () => {
    const room = await alice.createRoom();
    await bob.join(room, ['a.test']);
    const held = await RogueRoom.join(rogue, network.server('a.test'), room);
    await network.settle();
    rogue.answers.set('/_matrix/federation', () => ({ status: 0, body: null }));
    const ghosts = Array.from({ length: 20 }, (_, n) => held.event({ prevEvents: [EventId.parse(`$ghost${n}`)] }));
    const asked = rogue.asked.length;
    const stuck = held.push(...ghosts).catch((error: unknown) => error);
    while (rogue.asked.length === asked) await alice.stateAt(room, ['m.room.create', '']);

    await bob.say(room, 'can you hear me?');
    await alice.view.until(
      'what bob said',
      ({ joined }) => joined.get(room)?.timeline.some(({ content }) => content.body === 'can you hear me?') === true,
    );
    network.clock.advance(600_000);
    await stuck;
    rogue.answers.clear();
    network.clock.advance(600_000);
    // It was asked once in vain for the transaction, not once for each of its events.
    expect(rogue.asked.slice(asked).filter((uri) => !uri.includes('/send/')).length).to.be.lessThan(3);
  });

  it('keeps nobody from what is said elsewhere while its events are placed', async () => {
    const [room, elsewhere] = [await alice.createRoom({ preset: 'public_chat' }), await alice.createRoom()];
    const held = await RogueRoom.join(rogue, network.server('a.test'), room);
    await network.settle();
    const { nids } = network.server('a.test').running.services.rooms.engine;
    const { reached, goOn } = holdUp(nids, 'ensure');
    const pushed = held.push(held.event({ content: { msgtype: 'm.text', body: 'slow' } }));
    await reached;
    await expectHeard(alice, elsewhere, goOn);
    await pushed;
    await alice.view.untilMessage(room, 'slow');
  });
});

import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';

describe('events that come too late to be allowed', () => {
  it('leave no loose end behind them, which would count in the resolution of state', async () => {
    await using network = await TestNetwork.start('a.test', 'b.test');
    const alice = await network.person('alice', 'a.test');
    const bob = await network.person('bob', 'b.test');
    const eve = await network.person('eve', 'b.test');
    const room = await alice.createRoom({
      preset: 'public_chat',
      power_level_content_override: { users_default: 50 },
    });
    await bob.join(room, ['a.test']);
    await eve.join(room);
    await network.settle();
    network.cut('a.test', 'b.test');
    await alice.setState(room, ['m.room.topic', ''], { topic: "Alice's" });
    await alice.ban(room, eve);
    network.clock.advance(10);
    // Alice's server takes Bob's topic in, and refuses Eve's. What Bob says then follows both.
    await bob.setState(room, ['m.room.topic', ''], { topic: "Bob's" });
    await eve.setState(room, ['m.room.topic', ''], { topic: "Eve's" });
    await bob.say(room, 'hello?');
    await network.heal('a.test', 'b.test');
    expect(await bob.state(room)).to.deep.equal(await alice.state(room));
    expect(await alice.stateAt(room, ['m.room.topic', ''])).to.deep.include({ topic: "Alice's" });
  });
});

import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';

describe('first', () => {
  it('talks', async () => {
    await using network = await TestNetwork.start('a.test', 'b.test');
    const alice = await network.person('alice', 'a.test');
    const bob = await network.person('bob', 'b.test');
    const room = await alice.createRoom({ preset: 'public_chat', room_alias_name: 'den' });
    expect(await bob.join('#den:a.test')).to.equal(room);
    await alice.say(room, 'hello');
    await bob.view.untilMessage(room, 'hello');
    await bob.say(room, 'hi');
    await alice.view.untilMessage(room, 'hi');
  });
});

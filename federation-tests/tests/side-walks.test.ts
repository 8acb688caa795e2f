import { expect } from 'chai';
import { Follower, keysOf } from '../src/follower.ts';
import { TestNetwork } from '../src/network.ts';
import { seeds } from '../src/seeds.ts';
import { SideWalk } from '../src/side-walk.ts';

const WALKS = 2;
const STEPS = 80;

/** Whoever has followed from answer to answer knows what they would be told if they began afresh. */
describe('what travels beside the events of rooms', () => {
  let network: TestNetwork;
  before(async () => {
    network = await TestNetwork.start('a.test', 'b.test');
  });
  after(() => network[Symbol.asyncDispose]());

  for (const seed of seeds(WALKS)) {
    const isLive = seed % 2 === 0;
    it(`is told to all devices in full, and each message once (walk ${seed}${isLive ? ', live' : ''})`, async () => {
      const walk = new SideWalk(network, String(seed));
      await walk.run(STEPS, isLive);
      const log = walk.log.join('\n');
      for (const { person, told, messages, keys } of walk.followers) {
        const who = `${person.userId} ${person.deviceId}`;
        const fresh = new Follower(person);
        await fresh.sync();
        expect(told, `${who}\n${log}`).to.eql(fresh.told);
        const meant = walk.sent.filter(({ to }) => to.some((one) => one.person === person)).map(({ name }) => name);
        expect(messages.toSorted(), `${who}\n${log}`).to.include.members(meant);
        expect(new Set(messages).size, who).to.equal(messages.length);
        const around = await walk.around(person);
        around.delete(person.userId);
        const own = keys.get(person.userId);
        keys.delete(person.userId);
        expect([...keys.keys()].toSorted(), `${who}\n${log}`).to.eql([...around].toSorted());
        if (own !== undefined) keys.set(person.userId, own);
        for (const user of keys.keys()) {
          const owner = walk.people.find(({ userId }) => userId === user)!;
          expect(keys.get(user), `${who} of ${user}\n${log}`).to.equal(await keysOf(owner, user));
        }
      }
    });
  }
});

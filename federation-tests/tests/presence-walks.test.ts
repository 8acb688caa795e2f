import { TestNetwork } from '../src/network.ts';
import { MAX_MEMBERS, PresenceWalk } from '../src/presence-walk.ts';
import { seeds } from '../src/seeds.ts';

const WALKS = 5;
const STEPS = 60;

describe('presence, as answers put together tell it', () => {
  let network: TestNetwork;
  before(async () => {
    const presence = { enabled: true, max_room_members: MAX_MEMBERS };
    network = await TestNetwork.with({ names: ['a.test', 'b.test'], config: { presence } });
  });
  after(() => network[Symbol.asyncDispose]());

  for (const seed of seeds(WALKS)) {
    it(`is what a first answer tells, and of nobody who is not to be seen (walk ${seed})`, async function () {
      this.timeout(60_000);
      await new PresenceWalk(network, `presence ${seed}`).run(STEPS);
    });
  }
});

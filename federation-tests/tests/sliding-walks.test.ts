import { Dice } from '../src/dice.ts';
import { TestNetwork } from '../src/network.ts';
import { asked, happen, SlidingClient } from '../src/sliding-client.ts';
import { Slider } from '../src/sliding.ts';

const WALKS = 20;
const STEPS = 40;
const ROOMS = 4;

describe('answers of sliding sync, put together', () => {
  let network: TestNetwork;
  before(async () => (network = await TestNetwork.start('a.test')));
  after(() => network[Symbol.asyncDispose]());

  const walk = async (seed: string): Promise<void> => {
    const dice = new Dice(seed);
    const [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
    const rooms = await Promise.all(Array.from({ length: ROOMS }, () => alice.createRoom()));
    for (const room of rooms) await bob.join(room);
    const scene = { alice, bob, isIn: new Set(rooms) };
    const client = new SlidingClient();
    const slider = new Slider(bob);
    for (let n = 0; n < STEPS; n++) {
      if (dice.below(3) > 0) await happen(dice, dice.of(rooms), scene);
      else {
        const body = asked(dice.below(ROOMS), dice.of([1, 3, 20]), dice.of([undefined, dice.of(rooms)]));
        if (dice.below(3) === 0) await slider.lose(body);
        else client.hear(await slider.sync(body));
      }
      if (dice.below(60) === 0) {
        await network.stop('a.test');
        await network.start('a.test');
      }
    }
    const all = asked(ROOMS, 50, undefined);
    client.hear(await slider.sync(all));
    const fresh = new SlidingClient();
    fresh.hear(await new Slider(bob, 'fresh').sync(all));
    client.assertLike(fresh, seed);
  };

  for (let n = 0; n < WALKS; n++) {
    it(`are what a fresh one says, whatever was lost on the way (${n})`, async function () {
      this.timeout(60_000);
      await walk(`sliding ${n}`);
    });
  }
});

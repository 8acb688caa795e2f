import { expect } from 'chai';
import { Dice } from '../src/dice.ts';
import { TestNetwork } from '../src/network.ts';
import { seeds } from '../src/seeds.ts';
import { asked, happen, SlidingClient } from '../src/sliding-client.ts';
import { Slider } from '../src/sliding.ts';

const WALKS = 20;
const STEPS = 40;
const ROOMS = 4;

describe('answers of sliding sync, put together', () => {
  let network: TestNetwork;
  before(async () => (network = await TestNetwork.start('a.test')));
  after(() => network[Symbol.asyncDispose]());

  const walk = async (seed: string, dialect: 'unstable' | 'v4'): Promise<void> => {
    const dice = new Dice(seed);
    const [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
    const rooms = await Promise.all(Array.from({ length: ROOMS }, () => alice.createRoom()));
    for (const room of rooms) await bob.join(room);
    const scene = { network, alice, bob, isIn: new Set(rooms) };
    const client = new SlidingClient();
    const slider = new Slider(bob, 'walk', dialect);
    const sent: string[] = [];
    for (let n = 0; n < STEPS; n++) {
      const kind = dice.below(9);
      if (kind === 0) {
        sent.push(`message ${n}`);
        const messages = { [bob.userId]: { [bob.deviceId]: { body: `message ${n}` } } };
        await alice.ask('PUT', `/sendToDevice/org.example.x/${seed.replace(' ', '-')}-${n}`, { messages });
      } else if (kind < 6) await happen(dice, dice.of(rooms), scene);
      else {
        const body = asked(dice.below(ROOMS), dice.of([1, 3, 20]), dice.of([undefined, dice.of(rooms)]), client.since);
        if (dice.below(3) === 0) await slider.lose(body);
        else client.hear(await slider.sync(body));
      }
      if (dice.below(60) === 0) {
        await network.stop('a.test');
        await network.start('a.test');
      }
      if (dice.below(30) === 0) await network.lull();
    }
    // Whoever has left has stopped typing, a moment later.
    await network.settle();
    client.hear(await slider.sync(asked(ROOMS, 50, undefined, client.since)));
    const all = asked(ROOMS, 50, undefined);
    const fresh = new SlidingClient();
    fresh.hear(await new Slider(bob, 'fresh', dialect).sync(all));
    client.assertLike(fresh, seed);
    expect(client.messages, seed).to.eql(sent);
  };

  for (const n of seeds(WALKS)) {
    const dialect = n % 2 === 0 ? 'unstable' : 'v4';
    it(`are what a fresh one says, whatever was lost on the way (${n}, ${dialect})`, async function () {
      this.timeout(60_000);
      await walk(`sliding ${n}`, dialect);
    });
  }
});

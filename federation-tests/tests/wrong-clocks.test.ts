import { Dice } from '../src/dice.ts';
import { TestNetwork } from '../src/network.ts';
import { expectAgreement, expectSameUnread } from '../src/weather/agreement.ts';
import { Day } from '../src/weather/day.ts';
import { Sky } from '../src/weather/sky.ts';
import { SkewedClock } from '../src/weather/skewed-clock.ts';

const SERVERS = ['a.test', 'b.test'] as const;
const HOUR_MS = 3_600_000;

/**
 * Hours by which one server is ahead of the other, until somebody sets it right. More than its keys are valid for, and
 * nobody may believe its events until their time has come.
 */
const SKEWS: readonly number[] = [0.2, -0.2, 20, -20, -24 * 30];

describe('a server whose clock is wrong', () => {
  let network: TestNetwork;
  let sky: Sky;
  let clock: SkewedClock;
  beforeEach(async () => {
    network = await TestNetwork.with({
      names: SERVERS,
      clockOf: (name, right) => (name === 'b.test' ? (clock = new SkewedClock(right)) : right),
    });
    sky = await Sky.over(network, SERVERS);
  });
  afterEach(async () => {
    await sky[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
  });

  for (const hours of SKEWS) {
    it(`by ${hours} hours loses nothing, and catches up when it is set right`, async () => {
      const dice = new Dice(`skew ${hours}`);
      const day = new Day({ network, servers: SERVERS, dice, version: '12' });
      await day.begin();
      clock.wrongByMs = hours * HOUR_MS;
      for (let hour = 0; hour < 24; hour += 3) {
        if (hour === 12) sky.part(); // so that there is something to try again
        for (let i = 0; i < 6; i++) await day.act();
        if (hour === 3) await day.travel();
        await sky.pass(3 * HOUR_MS);
        await sky.tidy();
      }
      clock.wrongByMs = 0;
      await sky.pass(HOUR_MS / 60);
      await sky.clear();
      await day.end();
      await network.settle();
      await expectAgreement(day);
      await expectSameUnread(day);
    });
  }

  it('by a month does not wait for a month to try again', async () => {
    const day = new Day({ network, servers: SERVERS, dice: new Dice('month'), version: '12' });
    await day.begin();
    clock.wrongByMs = 24 * 30 * HOUR_MS;
    sky.part();
    await day.write(day.residents[1]!); // the other one has nothing to say that would wake it
    await sky.pass(HOUR_MS);
    clock.wrongByMs = 0;
    await sky.pass(HOUR_MS / 60);
    await sky.clear();
    await expectAgreement(day);
    await expectSameUnread(day);
  });
});

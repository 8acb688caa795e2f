import { expect } from 'chai';
import { Dice } from '../src/dice.ts';
import { TestNetwork } from '../src/network.ts';
import { expectAgreement, expectSameUnread } from '../src/weather/agreement.ts';
import { Day } from '../src/weather/day.ts';
import { KINDS } from '../src/weather/kinds.ts';
import { Sky } from '../src/weather/sky.ts';

const SERVERS = ['a.test', 'b.test'] as const;
const TWO_HOURS_MS = 7_200_000;
/** A test whose weather meets nobody shows nothing. */
const LEAST_SPOILED = 10;

/** A day in each kind of weather, which spoils two of three requests; then the sky clears up, and nothing may be lost. */
describe('a day on which', () => {
  let network: TestNetwork;
  let sky: Sky;
  before(async () => {
    network = await TestNetwork.start(...SERVERS);
    sky = await Sky.over(network, SERVERS);
  });
  // A day that went wrong must not spoil the next: the sky clears up, and everybody tries again to reach the others.
  afterEach(async () => {
    await sky.clear();
    await network.retry();
  });
  after(async () => {
    await sky[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
  });

  for (const [name, weather] of Object.entries(KINDS)) {
    it(`${name} loses nothing`, async () => {
      const dice = new Dice(name);
      const day = new Day({ network, servers: SERVERS, dice, version: dice.of(['10', '12']) });
      await day.begin();
      sky.turn(weather(), 66, dice);
      const before = sky.spoiled;
      for (let hour = 0; hour < 24; hour += 2) {
        for (let i = 0; i < 4; i++) await day.act();
        if (hour % 8 === 0) await day.travel();
        await sky.pass(TWO_HOURS_MS);
      }
      expect(sky.spoiled - before).to.be.at.least(LEAST_SPOILED);
      await sky.clear();
      await day.end();
      await network.settle();
      await expectAgreement(day);
      await expectSameUnread(day);
    });
  }
});

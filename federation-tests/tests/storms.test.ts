import { randomInt } from 'node:crypto';
import { TestNetwork } from '../src/network.ts';
import { expectAgreement } from '../src/weather/agreement.ts';
import { Sky } from '../src/weather/sky.ts';
import { stormyDay } from '../src/weather/storm.ts';

const SERVERS = ['a.test', 'b.test', 'c.test'] as const;
/** One that never changes, and one that nobody has chosen; more with `HOLM_TEST_STORMS`, a certain one with `HOLM_TEST_STORM`. */
const MORE = Number(process.env['HOLM_TEST_STORMS'] ?? 1);
const WANTED = process.env['HOLM_TEST_STORM'];
const SEEDS = WANTED === undefined ? ['1', ...Array.from({ length: MORE }, () => `${randomInt(1e9)}`)] : [WANTED];

describe('three servers in a storm', () => {
  let network: TestNetwork;
  let sky: Sky;
  beforeEach(async () => {
    network = await TestNetwork.start(...SERVERS);
    sky = await Sky.over(network, SERVERS);
  });
  afterEach(async () => {
    await sky[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
  });

  for (const seed of SEEDS) {
    it(`lose nothing, and agree when it is over (HOLM_TEST_STORM=${seed})`, async function () {
      this.timeout(60_000);
      await expectAgreement(await stormyDay(network, sky, { servers: SERVERS, seed, hours: 12 }));
    });
  }
});

import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { Walk } from '../src/walk.ts';

const WALKS = Number(process.env['HOLM_TEST_WALKS'] ?? 2);
const STEPS = 40;

/** Whatever has happened: once all have heard of everything, all are of one mind. */
describe('a room in which anything may happen', () => {
  let network: TestNetwork;
  before(async () => {
    network = await TestNetwork.start('a.test', 'b.test', 'c.test');
  });
  after(() => network[Symbol.asyncDispose]());

  for (const version of ['2', '6', '10', '12']) {
    for (let seed = 1; seed <= WALKS; seed++) {
      it(`is one room in the end, in room version ${version} (walk ${seed})`, async () => {
        const walk = new Walk({ network, version, seed, steps: STEPS });
        await walk.run();
        const [first, ...others] = await Promise.all(walk.admins.map((admin) => admin.state(walk.room)));
        for (const other of others) expect(other, walk.log.join('\n')).to.deep.equal(first);
      });
    }
  }
});

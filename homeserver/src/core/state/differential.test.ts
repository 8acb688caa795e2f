import { expect } from 'chai';
import { StateHasher } from './state-hash.ts';
import { runCase, VERSIONS } from './testing/differential.ts';
import { newTally } from './testing/tally.ts';

// `HOLM_TEST_SEED=n HOLM_TEST_CASES=1` runs one room again. For many more of them: `npm run fuzz`.
const SEED = Number(process.env['HOLM_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const CASES = Number(process.env['HOLM_TEST_CASES'] ?? 10_000);

/** What the rooms must have met, at least, for each of them: otherwise they prove little. */
const MET = [
  ['conflicts', 2],
  ['authDifferences', 1],
  ['differencesByReading', 0.7],
  ['subgraphs', 0.25],
  ['casesWithRejected', 0.05],
  ['casesWithDisowned', 0.05],
] as const;

describe('random rooms', () => {
  it(`come to the same in the clever way and in the plain one (${CASES} of them, from seed ${SEED})`, function () {
    this.timeout(600_000);
    const tally = newTally();
    const hasher = new StateHasher(Buffer.from('differential'));
    for (let seed = SEED; seed < SEED + CASES; seed += 1) {
      try {
        runCase({ seed, tally, hasher });
      } catch (error) {
        throw new Error(`HOLM_TEST_SEED=${seed} HOLM_TEST_CASES=1`, { cause: error });
      }
    }
    if (CASES < 10_000) return;
    for (const version of VERSIONS) expect(tally.versions[version], version).to.be.greaterThan(CASES / 10);
    for (const [what, each] of MET) expect(tally[what], what).to.be.greaterThan(CASES * each);
  });
});

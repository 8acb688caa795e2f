import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { Quiet } from './quiet.ts';

const LOOK = 30_000;

/** What each look says, of shares of a core. */
const looksOf = (shares: readonly number[]): string => {
  const quiet = new Quiet();
  return shares.map((share) => (quiet.look({ passedMs: LOOK, cpuMs: share * LOOK }) ? '!' : '.')).join('');
};

const quietFor = (looks: number): number[] => Array.from({ length: looks }, () => 0.02);

describe('giving memory back', () => {
  for (const [what, shares, expected] of [
    ['once after a busy time, when that has been over for a while', [0.9, ...quietFor(12)], '....!!.......'],
    ['not while there is a pause now and then', [0.9, ...quietFor(3), 0.5, ...quietFor(3), 0.5], '.........'],
    ['again after the next busy time', [...quietFor(8), 0.2, ...quietFor(6)], '...!!.......!!.'],
    ['no more when it becomes busy meanwhile, but afterwards', [...quietFor(4), 0.3, ...quietFor(6)], '...!....!!.'],
    ['never while it is busy', [0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2], '........'],
  ] as const) {
    it(what, () => {
      expect(looksOf(shares)).to.equal(expected);
    });
  }

  it('goes by flags that V8 has', () => {
    const options = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
    expect(options).to.include('--memory-saver-mode').and.to.include('--heap-growing-percent');
  });
});

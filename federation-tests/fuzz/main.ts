// `npm run fuzz -- --cases 1000000 --seed 1`: random rooms in which state, auth chains and state resolution are worked out in
// two ways each. Case n has the seed plus n; a failure says which, and `--seed` with that number runs it again.
// `--save FOLDER` keeps failed resolutions as vectors; `--mutants` breaks the server in many ways and says how soon each is found.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { StateHasher } from '@holm/homeserver/core/state/state-hash';
import { runCase } from '@holm/homeserver/core/state/testing/differential';
import { Mismatch } from '@holm/homeserver/core/state/testing/mismatch';
import { newTally } from '@holm/homeserver/core/state/testing/tally';
import { toVector, vectorText } from '@holm/homeserver/core/state/testing/vector';
import { MUTANTS } from './mutants.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    failures: { type: 'string', default: '10' },
    save: { type: 'string' },
    mutants: { type: 'boolean', default: false },
  },
});
const cases = Number(values.cases);
const first = Number(values.seed);

const save = (folder: string, seed: number, { evidence, message }: Mismatch): void => {
  if (evidence === undefined) return;
  mkdirSync(folder, { recursive: true });
  const vector = toVector(evidence, `seed ${seed}: ${message.slice(0, message.indexOf(':'))}`);
  writeFileSync(join(folder, `seed-${seed}.json`), vectorText(vector));
};

const fuzz = (): boolean => {
  const tally = newTally();
  const hasher = new StateHasher(Buffer.from('differential'));
  const started = performance.now();
  const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  let failed = 0;
  let n = 0;
  for (; n < cases && failed < Number(values.failures); n += 1) {
    const seed = first + n;
    try {
      runCase({ seed, tally, hasher });
    } catch (error) {
      failed += 1;
      console.log(`seed ${seed} (case ${n + 1}):`, error instanceof Mismatch ? error.message : error);
      if (values.save !== undefined && error instanceof Mismatch) save(values.save, seed, error);
    }
    if ((n + 1) % 50_000 === 0) console.log(`${n + 1} cases, ${failed} failed, ${seconds()}`);
  }
  console.log(JSON.stringify(tally, undefined, 2));
  console.log(`${n} cases from seed ${first}, ${failed} failed, ${seconds()}`);
  return failed === 0;
};

/** Each in a process of its own, which loads the broken file instead of the right one. */
const hunt = (): boolean => {
  const hook = new URL('./mutate.ts', import.meta.url).href;
  let escaped = 0;
  for (const [index, { name }] of MUTANTS.entries()) {
    const args = ['--import', hook, fileURLToPath(import.meta.url), '--cases', `${cases}`, '--failures', '1'];
    if (values.save !== undefined) args.push('--save', join(values.save, name.replaceAll(/[^a-z0-9.]+/g, '-')));
    const { status, stdout, stderr } = spawnSync(process.execPath, [...args, '--seed', `${first}`], {
      env: { ...process.env, HOLM_MUTANT: `${index}` },
      encoding: 'utf8',
    });
    const found = /\(case (\d+)\): (.*)/.exec(stdout);
    if (found === null) escaped += 1;
    console.log(
      `${name}: ${found ? `case ${found[1]}, ${found[2]?.slice(0, 90)}` : status === 0 ? 'NOT FOUND' : stderr}`,
    );
  }
  console.log(`${MUTANTS.length} mutants, ${escaped} not found within ${cases} cases`);
  return escaped === 0;
};

process.exitCode = (values.mutants ? hunt() : fuzz()) ? 0 : 1;

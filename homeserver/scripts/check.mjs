// `npm run check`: types, lint, layers, formatting. All run to their end, so that one call shows everything.
import { spawn } from 'node:child_process';
import { dirname, delimiter } from 'node:path';
import { setUp } from './setup/index.mjs';
import { root } from './setup/root.mjs';

const folders = ['spec', 'homeserver', 'client', 'federation-tests'];
const checks = {
  types: ['typescript/bin/tsc', '--noEmit'],
  'types of the client': ['typescript/bin/tsc', '--noEmit', '-p', 'client'],
  lint: ['eslint/bin/eslint.js', '--max-warnings', '0', '.'],
  layers: [
    'dependency-cruiser/bin/dependency-cruiser.mjs',
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'err',
    ...folders,
  ],
  formatting: ['prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
};

const node = await setUp({ client: false });
const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };

const passes = ([name, [tool, ...args]]) =>
  new Promise((resolve) => {
    const child = spawn(node, [`${root}node_modules/${tool}`, ...args], { cwd: root, env });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (printed += data));
    child.once('close', (code) => {
      console.log(code === 0 ? `ok    ${name}` : `FAIL  ${name}\n${printed.trimEnd()}`);
      resolve(code === 0);
    });
  });

const results = await Promise.all(Object.entries(checks).map(passes));
process.exit(results.every(Boolean) ? 0 : 1);

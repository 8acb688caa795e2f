// `npm run test:interop`: our server and a Synapse from PyPI on this machine, in rooms of one another.
// `npm run test:interop -- FILE… --flag=value` as with `npm test`. HOLM_SYNAPSE_VENV names an installation to use,
// HOLM_INTEROP_LOGS a folder for what the servers had to say.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { findSynapse } from './install.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const specs = ['federation-tests/interop/**/*.test.ts'];

const synapse = await findSynapse(console.log);
if (synapse.missing !== undefined) {
  console.log(`skipped: ${synapse.missing}`);
} else {
  const args = process.argv.slice(2);
  const config = `${root}federation-tests/interop/mocharc.json`;
  const files = args.some((arg) => !arg.startsWith('-')) ? [] : specs;
  const mocha = spawn(
    process.execPath,
    [`${root}node_modules/mocha/bin/mocha.js`, '--config', config, ...args, ...files],
    { cwd: root, stdio: 'inherit', env: { ...process.env, HOLM_SYNAPSE_PYTHON: synapse.python } },
  );
  const [code] = (await once(mocha, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
}

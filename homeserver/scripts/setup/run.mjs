import { spawn } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { root } from './root.mjs';

/** Runs a program and resolves when it succeeded; what it printed is shown only when it did not. */
export const run = (command, args, { node = process.execPath, cwd = root } = {}) =>
  new Promise((resolve, reject) => {
    const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (printed += data));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) return resolve();
      reject(new Error(`${command} ${args.join(' ')} ended with ${code}:\n${printed}`));
    });
  });

/** npm itself, the one that called us where there is one. */
export const npm = (args, options = {}) => {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('.js') ? run(process.execPath, [cli, ...args], options) : run('npm', args, options);
};

import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const INSTALL_MS = 15 * 60_000;

/** The Python that has Synapse, or why there is none. */
export type Found =
  { readonly python: string; readonly missing?: undefined } | { readonly missing: string; readonly python?: undefined };

/** The Synapse that is named, or the one of our own cache folder, brought there if need be. */
export const findSynapse = async (say: (text: string) => void): Promise<Found> => {
  const named = process.env['HOLM_SYNAPSE_VENV'];
  if (named !== undefined) {
    const python = pythonIn(named);
    return (await hasSynapse(python)) ? { python } : { missing: `there is no Synapse in ${named}` };
  }
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'holm', 'synapse');
  const python = pythonIn(folder);
  if (await hasSynapse(python)) return { python };
  if (!(await works('python3', '-c', 'import venv, ensurepip'))) {
    return { missing: 'this machine has no python3 with venv and pip, which Synapse comes by' };
  }
  if (!(await works('openssl', 'version'))) return { missing: 'this machine has no openssl to make certificates with' };
  say(`installing Synapse in ${folder}`);
  try {
    await run('python3', ['-m', 'venv', folder], { timeout: INSTALL_MS });
    await run(python, ['-m', 'pip', 'install', '--quiet', 'matrix-synapse'], { timeout: INSTALL_MS });
  } catch (error) {
    return { missing: `Synapse could not be installed: ${reasonOf(error)}` };
  }
  return { python };
};

const pythonIn = (venv: string): string => join(venv, 'bin', 'python3');

const hasSynapse = (python: string): Promise<boolean> => works(python, '-c', 'import synapse.app.homeserver');

const works = (program: string, ...args: string[]): Promise<boolean> =>
  run(program, args).then(
    () => true,
    () => false,
  );

/** The last thing that pip said. */
const reasonOf = (error: unknown): string => {
  const { stderr = '', message } = error as Error & { stderr?: string };
  return stderr.trim().split('\n').at(-1) || message;
};

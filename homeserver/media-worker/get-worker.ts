// Gets mediasoup's worker for this machine, once. Runs by itself in the background of the first start; see README.md.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { isAlive, mediaWorkerStatus } from '../src/features/calls/media-worker.ts';
import { proveMediaWorker } from '../src/features/calls/worker-proof.ts';
import {
  buildScript,
  mediasoupFolder,
  mediasoupVersion,
  workerCache,
  type WorkerStatus,
} from '../src/features/calls/worker-cache.ts';

const cache = workerCache();
const DAY_MS = 86_400_000;
const DOWNLOAD_TIMEOUT_MS = 60_000;

const packages = [
  ...['g++', 'meson', 'ninja-build', 'pkg-config', 'flatbuffers-compiler', 'libflatbuffers-dev', 'libabsl-dev'],
  ...['libsrtp2-dev', 'libuv1-dev', 'libssl-dev', 'perl-base', 'binutils'],
];

const report = (status: WorkerStatus): void => {
  writeFileSync(`${cache.status}.new`, JSON.stringify(status));
  renameSync(`${cache.status}.new`, cache.status);
};

const note = (text: string): void => writeFileSync(cache.log, `${new Date().toISOString()} ${text}\n`, { flag: 'a' });

/** Runs a program at the lowest priority, its output in the log. */
const run = (command: string, args: readonly string[], env: Record<string, string> = {}): boolean => {
  note(`${command} ${args.join(' ')}`);
  const log = openSync(cache.log, 'a');
  const { status } = spawnSync('nice', ['-n', '19', command, ...args], {
    stdio: ['ignore', log, log],
    env: { ...process.env, ...env },
  });
  closeSync(log);
  return status === 0;
};

const works = async (worker: string): Promise<boolean> => {
  try {
    await proveMediaWorker(worker);
    return true;
  } catch (error) {
    note(`${worker} does not run: ${String(error)}`);
    return false;
  }
};

/** The worker appears in its place only once it has run. */
const install = async (worker: string): Promise<boolean> => {
  chmodSync(worker, 0o755);
  if (!(await works(worker))) return false;
  renameSync(worker, cache.worker);
  return true;
};

const download = async (unpacked: string): Promise<boolean> => {
  const version = mediasoupVersion();
  const kernel = process.platform === 'linux' ? `-kernel${release().split('.')[0]}` : '';
  const file = `mediasoup-worker-${version}-${process.platform}-${process.arch}${kernel}.tgz`;
  const url = `https://github.com/versatica/mediasoup/releases/download/${version}/${file}`;
  note(`downloading ${url}`);
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
    if (!response.ok) throw new Error(`the answer was ${response.status}`);
    const archive = join(unpacked, file);
    writeFileSync(archive, Buffer.from(await response.arrayBuffer()));
    return run('tar', ['xzf', archive, '-C', unpacked]) && (await install(join(unpacked, 'mediasoup-worker')));
  } catch (error) {
    note(`no prebuilt worker: ${String(error)}`);
    return false;
  }
};

const canBuild = (): boolean =>
  ['g++', 'meson', 'ninja', 'pkg-config', 'flatc', 'perl', 'strip'].every(
    (tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0,
  ) && spawnSync('pkg-config', ['--exists', 'libsrtp2 libuv openssl flatbuffers absl_base']).status === 0;

const getTools = (): boolean => {
  const apt = { DEBIAN_FRONTEND: 'noninteractive' };
  if (canBuild()) return true;
  if (process.getuid?.() !== 0 || spawnSync('sh', ['-c', 'command -v apt-get']).status !== 0) return false;
  if (!run('apt-get', ['update', '-qq'], apt)) return false;
  return run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], apt) && canBuild();
};

const get = async (unpacked: string): Promise<WorkerStatus> => {
  const ready: WorkerStatus = { state: 'ready', path: cache.worker };
  if (await download(unpacked)) return ready;
  if (!getTools()) {
    const why = 'no prebuilt worker could be downloaded, and the tools and libraries to build one are missing';
    return { state: 'unavailable', why: `${why}; see homeserver/media-worker/README.md` };
  }
  const built = join(unpacked, 'built');
  if (run('bash', [buildScript, built, mediasoupFolder]) && (await install(built))) return ready;
  return {
    state: 'unavailable',
    why: `the worker could not be built; ${cache.log} says why`,
    retryAfter: new Date(Date.now() + DAY_MS).toISOString(),
  };
};

/** Of several starts at once one gets the worker. A lock whose holder was killed is taken over. */
const lock = (): boolean => {
  const file = join(cache.folder, 'lock');
  if (existsSync(file) && !isAlive(Number(readFileSync(file, 'utf8')))) rmSync(file, { force: true });
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
};

const settled = (): boolean => {
  if (mediaWorkerStatus(undefined, cache).state === 'ready') return true;
  if (!existsSync(cache.status)) return false;
  const status = JSON.parse(readFileSync(cache.status, 'utf8')) as WorkerStatus;
  return status.state === 'unavailable' && (status.retryAfter ?? '') > new Date().toISOString();
};

const main = async (): Promise<void> => {
  if (process.env['MEDIASOUP_WORKER_BIN'] !== undefined) return;
  mkdirSync(cache.folder, { recursive: true });
  if (settled() || !lock()) return;
  report({ state: 'building', pid: process.pid });
  const unpacked = join(dirname(cache.worker), `unpacked-${process.pid}`);
  mkdirSync(unpacked);
  try {
    report(await get(unpacked));
  } catch (error) {
    note(String(error));
    report({ state: 'unavailable', why: String(error) });
    throw error;
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
    rmSync(join(cache.folder, 'lock'), { force: true });
  }
};

await main();

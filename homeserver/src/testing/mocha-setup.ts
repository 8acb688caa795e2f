import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '../platform/log.ts';
import { startEmbedded, type Embedded } from '../storage/embedded.ts';
import { runningPostmaster, stopPostmaster } from '../storage/embedded/postmaster.ts';

const PREFIX = 'holm-tests-';

/** Nothing here outlives the run, so nothing waits for the disk; every test server brings its own pool. */
const settings = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_connections: '400',
  shared_buffers: '256MB',
};

let embedded: Embedded | undefined;
let dataDir: string | undefined;

/** One PostgreSQL for the whole run, unless TEST_DATABASE_URL names one. */
export const mochaGlobalSetup = async (): Promise<void> => {
  if (process.env['TEST_DATABASE_URL'] !== undefined) return;
  await sweep();
  dataDir = join(tmpdir(), `${PREFIX}${process.pid}`);
  mkdirSync(dataDir, { recursive: true });
  chmodSync(dataDir, 0o711); // as root, PostgreSQL's own account has to get in
  embedded = await startEmbedded({ dataDir, log: createLog('warn', process.stderr), settings });
  process.env['TEST_DATABASE_URL'] = embedded.url;
};

export const mochaGlobalTeardown = async (): Promise<void> => {
  await embedded?.stop();
  if (dataDir !== undefined) rmSync(dataDir, { recursive: true });
};

/** Clears away what runs that were killed left behind. */
const sweep = async (): Promise<void> => {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    if (lives(Number(name.slice(PREFIX.length)))) continue;
    const left = join(tmpdir(), name);
    const postmaster = runningPostmaster(join(left, 'postgres'));
    if (postmaster !== undefined) await stopPostmaster(join(left, 'postgres'), postmaster);
    rmSync(left, { recursive: true, force: true });
  }
};

const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, openSync, closeSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';

export const USER = 'holm';

/** A database cluster on disk and the programs to run it with. */
export interface Cluster {
  readonly folder: string;
  readonly binaries: Binaries;
  readonly account: Account | undefined;
  readonly settings: Readonly<Record<string, string>>;
}

/** For a small machine that PostgreSQL shares with us. */
const tuned = {
  shared_buffers: '128MB',
  max_connections: '100',
  max_wal_size: '1GB',
  checkpoint_timeout: '15min',
  wal_compression: 'pglz',
  random_page_cost: '1.1',
  jit: 'off',
  default_statistics_target: '30', // plans do not look at values: the usual 100 takes six times as long to gather
  // These two wake up five times a second otherwise, whenever there is a message now and then. As much is written as before.
  bgwriter_delay: '1s',
  bgwriter_lru_maxpages: '500',
  wal_writer_delay: '1s', // nobody waits for it: who commits, flushes
  autovacuum_naptime: '5min', // each look is a process for each database; what is updated often has room on its pages
  max_worker_processes: '4',
  max_logical_replication_workers: '0', // or a process is there that only waits for them
  io_workers: '1',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  log_min_messages: 'warning',
};

/**
 * At a start, what was in its memory before is read in one go. Where the files are not in the machine's memory, the first answers would
 * wait for hundreds of single reads otherwise: seconds on a slow disk.
 */
const prewarming = {
  shared_preload_libraries: 'pg_prewarm',
  'pg_prewarm.autoprewarm_interval': '1h', // what that is is written down so often, and at a stop
};

const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

const as = (account: Account | undefined) => (account === undefined ? {} : { uid: account.uid, gid: account.gid });

export const dataOf = (folder: string): string => join(folder, 'data');

/** Longer paths have no room in a socket's address. */
const MAX_SOCKET_PATH = 100;
const socketOf = (folder: string, port: number): string => join(folder, `.s.PGSQL.${port}`);

/** Where there can be no socket beside the data, PostgreSQL has only its port. */
const socketFolder = (folder: string): string | undefined => {
  const isFit = process.platform !== 'win32' && socketOf(folder, 65_535).length <= MAX_SOCKET_PATH;
  // PostgreSQL takes a list of folders.
  return isFit && !/[,"]/.test(folder) ? folder : undefined;
};

/** How to get in. A small query over a socket takes two thirds of the processor time that it takes us over a port. */
export const urlOf = (
  { folder, password }: { readonly folder: string; readonly password: string },
  port: number,
): string => {
  const url = `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`;
  return existsSync(socketOf(folder, port)) ? `${url}?host=${encodeURIComponent(folder)}` : url;
};

const logOf = (folder: string): string => join(folder, 'postgres.log');

/** Makes the cluster unless it is there. It gets its name only when it is whole. */
export const createCluster = ({ folder, binaries, account }: Cluster, password: string): void => {
  if (existsSync(dataOf(folder))) {
    checkVersion(folder, binaries);
    return;
  }
  const unfinished = join(folder, 'data.new');
  const passwordFile = join(folder, 'password');
  rmSync(unfinished, { recursive: true, force: true });
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (account !== undefined) chownSync(passwordFile, account.uid, account.gid);
  try {
    const { status, stderr, error } = spawnSync(
      binaries.initdb,
      [
        `--pgdata=${unfinished}`,
        `--username=${USER}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        // The password is 32 random bytes: stretching it would only make connecting slow.
        '--set=scram_iterations=1',
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--no-instructions',
      ],
      { ...as(account), cwd: folder, env: environment, encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`PostgreSQL could not create its database: ${error?.message ?? stderr.trim()}`);
  } finally {
    rmSync(passwordFile);
  }
  renameSync(unfinished, dataOf(folder));
};

const checkVersion = (folder: string, binaries: Binaries): void => {
  const major = readFileSync(join(dataOf(folder), 'PG_VERSION'), 'utf8').trim();
  if (major === binaries.version.split('.')[0]) return;
  throw new Error(
    `the database in ${folder} was made by PostgreSQL ${major}, the embedded one is ${binaries.version}: dump it with the old release and restore it with this one`,
  );
};

/**
 * Starts PostgreSQL on a port of this machine only. In a session of its own: a Ctrl-C meant for us must not stop the
 * database while we still drain, and when we are killed it lives on for our next start to adopt.
 */
export const launch = ({ folder, binaries, account, settings }: Cluster, port: number): ChildProcess => {
  const log = logOf(folder);
  if (existsSync(log)) renameSync(log, `${log}.1`);
  const output = openSync(log, 'w', 0o600);
  const options = Object.entries({ ...tuned, ...(binaries.canPrewarm && prewarming), ...settings }).flatMap(
    ([name, value]) => ['-c', `${name}=${value}`],
  );
  const child = spawn(
    binaries.postgres,
    [
      ['-D', dataOf(folder), '-p', String(port)],
      ['-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${socketFolder(folder) ?? ''}`, ...options],
    ].flat(),
    { ...as(account), cwd: folder, env: environment, detached: true, stdio: ['ignore', output, output] },
  );
  closeSync(output);
  child.unref();
  return child;
};

/** The end of PostgreSQL's own log, for the message of an error. */
export const lastWords = (folder: string): string => {
  const log = logOf(folder);
  return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n') : '';
};

/** `preferred` when nobody listens there, else any. */
export const freePort = async (preferred = 0): Promise<number> =>
  (await portIfFree(preferred)) ?? (await portIfFree(0)) ?? Promise.reject(new Error('no port is free'));

const portIfFree = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const taken = (server.address() as AddressInfo).port;
      server.close(() => resolve(taken));
    });
  });

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { dataOf } from './cluster.ts';

/** A PostgreSQL that runs, as its lock file tells it. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
}

const POLL_MS = 20;
const FAST_STOP_MS = 10_000;

const lockFileOf = (folder: string): string => join(dataOf(folder), 'postmaster.pid');

/** The one that serves this folder's cluster, if any. Clears away the lock file of one that was killed. */
export const runningPostmaster = (folder: string): Postmaster | undefined => {
  const file = lockFileOf(folder);
  if (!existsSync(file)) return undefined;
  // pid, data directory, start time, port, …
  const [pid, , , port] = readFileSync(file, 'utf8').split('\n').map(Number);
  if (pid === undefined || Number.isNaN(pid)) return undefined;
  // After a reboot, or in a new container, the number may belong to another program; PostgreSQL would give up there.
  if (!isPostgresOf(pid, folder)) {
    rmSync(file, { force: true });
    return undefined;
  }
  return { pid, port: port ?? 0 };
};

export const isPostgresOf = (pid: number, folder: string): boolean => {
  if (!isAlive(pid)) return false;
  return commandLine(pid).includes(dataOf(folder));
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** Empty for a process that has ended but was not collected by its parent. */
const commandLine = (pid: number): string => {
  const file = `/proc/${pid}/cmdline`;
  if (!existsSync('/proc/self/cmdline'))
    return spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)]).stdout.toString();
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it has just ended
  }
};

/** Ends it: connections are cut and the last changes written; if that takes too long, at once (the log repairs it). */
export const stopPostmaster = async (folder: string, { pid }: Postmaster): Promise<void> => {
  if (!isPostgresOf(pid, folder)) return;
  process.kill(pid, 'SIGINT');
  for (let waitedMs = 0; isPostgresOf(pid, folder); waitedMs += POLL_MS) {
    if (waitedMs === FAST_STOP_MS) process.kill(pid, 'SIGQUIT');
    if (waitedMs > 2 * FAST_STOP_MS) throw new Error(`PostgreSQL (process ${pid}) does not stop`);
    await pause(POLL_MS);
  }
};

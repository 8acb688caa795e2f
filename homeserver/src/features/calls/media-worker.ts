import { existsSync, readFileSync } from 'node:fs';
import { workerCache, type WorkerCache, type WorkerStatus } from './worker-cache.ts';

/** What the server can say of calls: whether there is a worker to run them with, and if not, why. */
export type MediaWorkerStatus =
  | { readonly state: 'building' }
  | { readonly state: 'ready'; readonly path: string }
  | { readonly state: 'unavailable'; readonly why: string };

/**
 * Where the media worker is. Cheap enough to ask again and again while it is being built.
 * `workerBin` is what MEDIASOUP_WORKER_BIN names, if anything.
 */
export const mediaWorkerStatus = (workerBin?: string, cache: WorkerCache = workerCache()): MediaWorkerStatus => {
  if (workerBin !== undefined) return at(workerBin);
  const written = readStatus(cache);
  switch (written?.state) {
    case undefined:
      return { state: 'unavailable', why: 'no worker was got for this machine yet' };
    case 'building':
      return isAlive(written.pid)
        ? { state: 'building' }
        : { state: 'unavailable', why: 'the build of the worker was cut short; the next start tries again' };
    case 'ready':
      return at(written.path);
    case 'unavailable':
      return { state: 'unavailable', why: written.why };
  }
};

const at = (path: string): MediaWorkerStatus =>
  existsSync(path) ? { state: 'ready', path } : { state: 'unavailable', why: `there is no worker at ${path}` };

const readStatus = (cache: WorkerCache): WorkerStatus | undefined =>
  existsSync(cache.status) ? (JSON.parse(readFileSync(cache.status, 'utf8')) as WorkerStatus) : undefined;

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

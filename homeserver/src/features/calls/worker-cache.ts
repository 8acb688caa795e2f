import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How far the step that gets the media worker is; its only writer is `media-worker/get-worker.ts`. */
export type WorkerStatus =
  | { readonly state: 'building'; readonly pid: number }
  | { readonly state: 'ready'; readonly path: string }
  | { readonly state: 'unavailable'; readonly why: string; readonly retryAfter?: string };

/** Where this machine keeps the worker of one version, built by one script. */
export interface WorkerCache {
  readonly folder: string;
  readonly worker: string;
  readonly status: string;
  readonly log: string;
}

const recipe = fileURLToPath(new URL('../../../media-worker/', import.meta.url));
// Its entry is node/lib/index.js.
export const mediasoupFolder = fileURLToPath(new URL('../../', import.meta.resolve('mediasoup')));
export const buildScript = join(recipe, 'build-worker.sh');

export const mediasoupVersion = (): string =>
  (JSON.parse(readFileSync(join(mediasoupFolder, 'package.json'), 'utf8')) as { version: string }).version;

/** Another script or another shim makes another worker. */
const hashOfRecipe = (): string => {
  const hash = createHash('sha256').update(readFileSync(buildScript));
  const shims = join(recipe, 'shims');
  for (const entry of readdirSync(shims, { recursive: true, withFileTypes: true }).sort(byPath)) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    hash.update(file.slice(shims.length)).update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 12);
};

interface Located {
  readonly parentPath: string;
  readonly name: string;
}

const byPath = (one: Located, other: Located): number =>
  join(one.parentPath, one.name) < join(other.parentPath, other.name) ? -1 : 1;

export const workerCache = (home = join(homedir(), '.cache/holm')): WorkerCache => {
  const name = ['mediasoup-worker', mediasoupVersion(), process.platform, process.arch, hashOfRecipe()].join('-');
  const folder = join(home, name);
  return {
    folder,
    worker: join(folder, 'mediasoup-worker'),
    status: join(folder, 'status.json'),
    log: join(folder, 'log'),
  };
};

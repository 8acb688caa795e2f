import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Outdated } from './migrations/run.ts';

export type Migrate = (database: Outdated) => Promise<void>;

export const migrateHere: Migrate = async (database) => {
  const { runMigrations } = await import('./migrations/run.ts');
  await runMigrations(database);
};

/** In a thread of its own: what TypeORM takes is given back when it ends, which a server that runs for months would otherwise keep. */
export const migrateAside: Migrate = async (database) => {
  const thread = new Worker(new URL('migrations/thread.ts', import.meta.url), { workerData: database });
  const [code] = (await once(thread, 'exit')) as [number];
  if (code !== 0) throw new Error(`the thread that migrates the database ended with ${code}`);
};

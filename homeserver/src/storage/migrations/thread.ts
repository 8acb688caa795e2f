// A thread that brings a database up to date and ends; `migrateAside` starts it.
import { workerData } from 'node:worker_threads';
import { type Outdated, runMigrations } from './run.ts';

await runMigrations(workerData as Outdated);

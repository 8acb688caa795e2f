// A process that brings a database up to date and ends; `migrateAside` starts it and says which database.
import { once } from 'node:events';
import { type Outdated, runMigrations } from './run.ts';

const [database] = (await once(process, 'message')) as [Outdated];
process.once('disconnect', () => process.exit(1)); // whoever wanted it is gone
await runMigrations(database);
process.exit();

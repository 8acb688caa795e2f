// `npm run bench:rooms [-- --quick]`: what the state of rooms takes and how fast events of others are taken in, with the
// goals beside it. Exit code 1 when a goal is missed that does not depend on the machine. See docs/benchmarks.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { silentLog } from '@holm/homeserver/platform/log';
import { startEmbedded } from '@holm/homeserver/storage/embedded';
import { describeMachine } from '../report.ts';
import { createDatabase, versionOfPostgres } from '../tables.ts';
import { measureAuthority } from './authority.ts';
import { measureFanOut } from './fan-out.ts';
import { measureForks } from './forks.ts';
import { measureIngest } from './ingest.ts';
import { measureLargeRoom } from './large-join.ts';
import { openEngine } from './local-engine.ts';
import { measureState } from './state.ts';
import { Table } from './table.ts';
import { WideRoom } from './wide-room.ts';

const { quick } = parseArgs({ options: { quick: { type: 'boolean', default: false } } }).values;
const sizes = quick
  ? { changes: 4_000, events: 2_000, fanOut: 4_000, joined: 1_000 }
  : { changes: 10_000, events: 10_000, fanOut: 10_000, joined: 20_000 };
/** So many members that there are 11,000 and 33,000 keys in the end. */
const [medium, large] = [11_000 - sizes.changes * 0.29, 33_000 - (sizes.changes / 2) * 0.29];

await using stack = new AsyncDisposableStack();
const folderFor = (name: string): string => {
  const folder = mkdtempSync(join(tmpdir(), `holm-bench-${name}-`));
  stack.defer(() => rmSync(folder, { recursive: true }));
  return folder;
};

const database = await startEmbedded({ dataDir: folderFor('database'), log: silentLog });
stack.defer(() => database.stop());
describeMachine(await versionOfPostgres(database.url));
const table = new Table();

const measureStates = async (): Promise<void> => {
  // Nothing here depends on when the disk has it.
  const url = `${await createDatabase(database.url, 'states')}?options=-c%20synchronous_commit%3Doff`;
  await using local = await openEngine(url);
  const members = { medium: Math.round(medium), large: Math.round(large) };
  await measureState(table, local, { name: 'medium', members: members.medium, changes: sizes.changes });
  const wide = await measureState(table, local, { name: 'large', members: members.large, changes: sizes.changes / 2 });
  await measureForks(table, await WideRoom.create(local, 'small', 95), wide);
};

await measureStates();
measureAuthority(table, 300_000);
measureFanOut(table, { members: Math.round(medium), changes: sizes.fanOut });
measureFanOut(table, { members: Math.round(large), changes: sizes.fanOut / 2 });
await measureIngest(table, {
  folder: folderFor('ingest'),
  databaseUrl: await createDatabase(database.url, 'ingest'),
  events: sizes.events,
  rooms: 50,
});
await measureLargeRoom(table, {
  folder: folderFor('join'),
  databases: {
    resident: await createDatabase(database.url, 'resident'),
    joiner: await createDatabase(database.url, 'joiner'),
  },
  members: sizes.joined,
});
if (table.missed > 0) process.exitCode = 1;

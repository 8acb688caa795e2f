// `npm run bench [-- --quick]`: how fast this machine's Holm is. A server as a process of its own, with durable commits;
// this process drives it over HTTP. Compare figures of one machine only: docs/benchmarks.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { silentLog } from '@holm/homeserver/platform/log';
import { startEmbedded } from '@holm/homeserver/storage/embedded';
import { Client } from './client.ts';
import { measureConversations } from './conversations.ts';
import { measureManyRooms } from './many-rooms.ts';
import { describeMachine, header, mb, ms, row } from './report.ts';
import { ServerProcess } from './server-process.ts';
import { versionOfPostgres } from './tables.ts';

const { quick } = parseArgs({ options: { quick: { type: 'boolean', default: false } } }).values;
const sizes = quick
  ? { seconds: 2, rooms: 20, members: 20, messages: 5_000 }
  : { seconds: 10, rooms: 100, members: 100, messages: 20_000 };

await using stack = new AsyncDisposableStack();
const folderFor = (name: string): string => {
  const folder = mkdtempSync(join(tmpdir(), `holm-bench-${name}-`));
  stack.defer(() => rmSync(folder, { recursive: true }));
  return folder;
};

const measureStarts = async (): Promise<void> => {
  const folder = folderFor('start');
  for (const which of ['first', 'second']) {
    // As it comes: calls are on, and nobody calls.
    const server = await ServerProcess.start({ folder, settings: { calls: { port: 0 } } });
    row(`${which} start, with its own PostgreSQL, until it answers`, ms(server.startMs));
    await pause(2000);
    row('    resident memory of the server', mb(server.residentMb));
    row('    of the server and its PostgreSQL, what they share counted once', mb(server.allMb));
    await server.stop();
  }
};

const database = await startEmbedded({ dataDir: folderFor('database'), log: silentLog });
stack.defer(() => database.stop());
describeMachine(await versionOfPostgres(database.url));
header();
await measureStarts();
const server = await ServerProcess.start({ folder: folderFor('server'), database: database.url });
stack.defer(() => server.stop());
await pause(2000);
row('resident memory of the server, fresh', mb(server.residentMb));

const client = new Client(server.url, 64);
stack.defer(() => client.close());
await measureConversations({ client, databaseUrl: database.url, ...sizes });
await measureManyRooms({ client, ...sizes });
await pause(2000);
row('resident memory of the server, after all of this', mb(server.residentMb));

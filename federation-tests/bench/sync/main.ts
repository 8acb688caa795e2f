// `npm run bench:sync [-- --quick --only initial,latency,sliding,idle --profile FOLDER]`: what following costs, by each of the
// doors. A server as a process of its own, with durable commits; this process holds all the clients. docs/benchmarks.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { silentLog } from '@holm/homeserver/platform/log';
import { startEmbedded } from '@holm/homeserver/storage/embedded';
import { Client } from '../client.ts';
import { describeMachine, header } from '../report.ts';
import { ServerProcess } from '../server-process.ts';
import { createDatabase, versionOfPostgres } from '../tables.ts';
import { measureFanOut } from './fan-out.ts';
import { measureIdle } from './idle.ts';
import { measureInitial } from './initial.ts';
import { measureManyRooms } from './many-rooms.ts';
import type { Setting } from './setting.ts';

const { quick, only, profile } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' }, profile: { type: 'string' } },
}).values;
const sizes = quick
  ? { rooms: 30, members: 30, clients: 100, seconds: 3, listed: 300, idle: 300 }
  : { rooms: 300, members: 300, clients: 1_000, seconds: 20, listed: 5_000, idle: 2_000 };
const measures: Readonly<Record<string, (setting: Setting) => Promise<void>>> = {
  initial: (setting) => measureInitial(setting, sizes),
  latency: (setting) => measureFanOut(setting, sizes),
  sliding: (setting) => measureManyRooms(setting, sizes),
  idle: (setting) => measureIdle(setting, sizes),
};

await using stack = new AsyncDisposableStack();
const folder = mkdtempSync(join(tmpdir(), 'holm-bench-sync-'));
stack.defer(() => rmSync(folder, { recursive: true }));
const database = await startEmbedded({ dataDir: join(folder, 'database'), log: silentLog });
stack.defer(() => database.stop());
describeMachine(await versionOfPostgres(database.url));
header();
// Each begins with a server and a database of its own, so that none measures what another has left behind.
for (const name of only?.split(',') ?? Object.keys(measures)) {
  const measure = measures[name];
  if (!measure) throw new Error(`there are ${Object.keys(measures).join(', ')}, and no ${name}`);
  const url = await createDatabase(database.url, `bench_${name}`);
  // All come from one address here, which real ones do not.
  const settings = { websockets: { max_sockets_per_address: 2 * (sizes.clients + sizes.idle) } };
  const start = () => ServerProcess.start({ folder, database: url, settings, isWeighed: true, profileInto: profile });
  const server = await start();
  const client = new Client(server.url, 64);
  await measure({ server, client, restart: async () => (await server.stop(), start()) });
  await client.close();
  await server.stop();
}

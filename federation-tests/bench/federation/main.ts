// `npm run bench:federation [-- --quick --only pair,fan-out,dead --profile FOLDER]`: what it costs to speak with other servers.
// Servers are processes of their own, with durable commits. docs/benchmarks.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { silentLog } from '@holm/homeserver/platform/log';
import { startEmbedded } from '@holm/homeserver/storage/embedded';
import type { Person } from '../client.ts';
import { sendToSync } from '../latency.ts';
import { quantile } from '../load.ts';
import { describeMachine, header, ms, row } from '../report.ts';
import { createDatabase, versionOfPostgres } from '../tables.ts';
import { measureDead, measureFanOut } from './crowd.ts';
import { Pair } from './pair.ts';
import { measureBacklog, measureFlow } from './throughput.ts';

const { quick, only, profile } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' }, profile: { type: 'string' } },
}).values;
const sizes = quick
  ? { seconds: 3, rooms: 10, backlog: 1_000, servers: 50, dead: 100, messages: 10 }
  : { seconds: 10, rooms: 50, backlog: 10_000, servers: 500, dead: 1_000, messages: 40 };
const LATENCY_RATE = 20;

await using stack = new AsyncDisposableStack();
const folder = mkdtempSync(join(tmpdir(), 'holm-bench-federation-'));
stack.defer(() => rmSync(folder, { recursive: true }));
const postgres = await startEmbedded({ dataDir: join(folder, 'database'), log: silentLog });
stack.defer(() => postgres.stop());
const database = (name: string) => createDatabase(postgres.url, `bench_${name}`);

const measurePair = async (): Promise<void> => {
  await using pair = await Pair.start(folder, [await database('a'), await database('b')], profile);
  const { a, b } = pair;
  const owners: Person[] = [];
  for (let n = 0; n < sizes.rooms; n++) owners.push(await a.client.register(`owner${n}`));
  const guest = await b.client.register('guest');
  const rooms = await pair.rooms(owners, guest);
  const all = { owners, guest, rooms };
  const one = { owners: owners.slice(0, 1), guest, rooms: rooms.slice(0, 1) };
  await sendToSync(
    { client: a.client, elsewhere: b.client, room: rooms[0] ?? '', sender: owners[0] as Person, receivers: [guest] },
    { rate: LATENCY_RATE, seconds: 2 }, // the compiler warms up
  );
  const times = await sendToSync(
    { client: a.client, elsewhere: b.client, room: rooms[0] ?? '', sender: owners[0] as Person, receivers: [guest] },
    { rate: LATENCY_RATE, seconds: sizes.seconds },
  );
  row(`send on A to sync on B, ${LATENCY_RATE}/s`, `p50 ${ms(quantile(times, 0.5))}, p99 ${ms(quantile(times, 0.99))}`);
  await measureFlow(pair, one, sizes.seconds);
  await measureFlow(pair, all, sizes.seconds);
  await measureBacklog(pair, all, sizes.backlog);
};

const measures: Readonly<Record<string, () => Promise<void>>> = {
  pair: measurePair,
  'fan-out': async () =>
    measureFanOut({ folder, database: await database('many'), servers: sizes.servers, profile }, sizes.messages),
  dead: async () =>
    measureDead({ folder, database: await database('dead'), servers: sizes.dead, profile }, sizes.seconds),
};

describeMachine(await versionOfPostgres(postgres.url));
header();
for (const name of only?.split(',') ?? Object.keys(measures)) {
  const measure = measures[name];
  if (!measure) throw new Error(`there are ${Object.keys(measures).join(', ')}, and no ${name}`);
  await measure();
}

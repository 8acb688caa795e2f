// `node homeserver/scripts/tool.mjs federation-tests/bench/sliding.ts [--rooms 5000]`: the first answer of sliding sync to
// somebody with many rooms, and what comes after it. Durable commits; the server is a process of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { silentLog } from '@holm/homeserver/platform/log';
import { startEmbedded } from '@holm/homeserver/storage/embedded';
import { Pool } from 'undici';
import { Client, type Person } from './client.ts';
import { each, quantile, timed } from './load.ts';
import { describeMachine, header, ms, row } from './report.ts';
import { ServerProcess } from './server-process.ts';
import { versionOfPostgres } from './tables.ts';

const { rooms: wanted } = parseArgs({ options: { rooms: { type: 'string', default: '5000' } } }).values;
const ROOMS = Number(wanted);
const REPEATED = 20;
const PATH = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync?timeout=0';
const REQUIRED = ['m.room.name', 'm.room.encryption', 'm.room.avatar', 'm.room.create', 'm.room.power_levels'];

await using stack = new AsyncDisposableStack();
const folder = mkdtempSync(join(tmpdir(), 'holm-bench-sliding-'));
stack.defer(() => rmSync(folder, { recursive: true }));
const database = await startEmbedded({ dataDir: join(folder, 'database'), log: silentLog });
stack.defer(() => database.stop());
describeMachine(await versionOfPostgres(database.url));
header();

interface Question {
  readonly connection: string;
  readonly last: number;
  readonly pos?: string;
}

/** One connection of Element X: twenty rooms of all, then more. */
const sliding = async (pool: Pool, { token }: Person, { connection, last, pos }: Question) => {
  const required = [...REQUIRED.map((type) => [type, '']), ['m.room.member', '$LAZY'], ['m.room.member', '$ME']];
  const list = { ranges: [[0, last]], timeline_limit: 1, required_state: required };
  const extensions = { account_data: { enabled: true }, receipts: { enabled: true }, typing: { enabled: true } };
  const answer = await pool.request({
    method: 'POST',
    path: `${PATH}${pos === undefined ? '' : `&pos=${encodeURIComponent(pos)}`}`,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ conn_id: connection, lists: { all: list }, extensions }),
  });
  const body = (await answer.body.json()) as { pos: string; rooms: object; lists: { all: { count: number } } };
  if (answer.statusCode !== 200) throw new Error(JSON.stringify(body));
  return body;
};

const server = { folder, database: database.url };
const owner = await (async (): Promise<Person> => {
  const first = await ServerProcess.start(server);
  const client = new Client(first.url, 16);
  const person = await client.register('many');
  const perSecond = await each(ROOMS, 8, () => client.createRoom(person));
  row(`rooms created, 8 at a time`, `${Math.round(perSecond)} /s`);
  await client.close();
  await first.stop();
  return person;
})();

for (const which of ['that has no cards yet', 'that has them']) {
  const running = await ServerProcess.start(server);
  const pool = new Pool(running.url, { connections: 2 });
  const took = await timed(() => sliding(pool, owner, { connection: 'cold', last: 19 }));
  row(`first 20 of ${ROOMS} rooms, the first question to a server ${which}`, ms(took));
  if (which === 'that has them') {
    const times: number[] = [];
    for (let n = 0; n < REPEATED; n++)
      times.push(await timed(() => sliding(pool, owner, { connection: `warm ${n % 10}`, last: 19 })));
    row(`first 20 of ${ROOMS} rooms, then`, `p50 ${ms(quantile(times, 0.5))}, p99 ${ms(quantile(times, 0.99))}`);
    const { pos } = await sliding(pool, owner, { connection: 'grow', last: 19 });
    let grown = pos;
    const ask = async () => {
      grown = (await sliding(pool, owner, { connection: 'grow', last: ROOMS - 1, pos: grown })).pos;
    };
    row('all the others at once', ms(await timed(ask)));
    const still: number[] = [];
    for (let n = 0; n < REPEATED; n++) still.push(await timed(ask));
    row('an answer with nothing new, all rooms in the range', `p50 ${ms(quantile(still, 0.5))}`);
  }
  await pool.close();
  await running.stop();
}

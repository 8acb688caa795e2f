// A large room: the join of it by way of another server, and the answers to those who want to know all of it. `measureLargeRoom`
// is for `npm run bench:rooms`; alone it runs by
//
//     node homeserver/scripts/tool.mjs federation-tests/bench/rooms/large-join.ts [--members 20000]
//
// The server that joins and the one that has the room are processes of their own, watched from inside. Members are of ten
// further servers, that do nothing but sign and tell their keys.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '@holm/homeserver/platform/clock';
import { silentLog } from '@holm/homeserver/platform/log';
import { startEmbedded } from '@holm/homeserver/storage/embedded';
import { freePort } from '../../src/process.ts';
import { Rogue } from '../../src/rogue.ts';
import { Client, type Person } from '../client.ts';
import { quantile } from '../load.ts';
import { ServerProcess } from '../server-process.ts';
import { createDatabase } from '../tables.ts';
import { addHeld } from './held.ts';
import { measureLargeAnswers } from './large-answers.ts';
import { buildLargeRoom } from './large-room.ts';
import { Table, time } from './table.ts';

const JOINER = 'joiner.localhost';
const RESIDENT = 'resident.localhost';
const SERVERS = 10;
const PATIENCE_MS = 600_000;

export interface LargeRoomOptions {
  /** An empty folder for the two servers' files. */
  readonly folder: string;
  /** A database for each of them. */
  readonly databases: { readonly resident: string; readonly joiner: string };
  readonly members: number;
}

/** Prints until when the one who joins can read and send, until when the server knows all members, and what it takes. */
export const measureLargeRoom = async (table: Table, options: LargeRoomOptions): Promise<void> => {
  await using stack = new AsyncDisposableStack();
  const rogues: Rogue[] = [];
  for (let n = 0; n < SERVERS + 2; n++) rogues.push(stack.use(await Rogue.start(`r${n}.localhost`, systemClock)));
  const [port, residentPort] = [await freePort(), await freePort()];
  const others = {
    ...Object.fromEntries(rogues.map(({ name, url }) => [name, url])),
    [JOINER]: `http://127.0.0.1:${port}`,
    [RESIDENT]: `http://127.0.0.1:${residentPort}`,
  };
  const start = async (name: string, own: { readonly port: number; readonly database: string }) => {
    const folder = join(options.folder, name);
    mkdirSync(folder);
    const settings = { federation: { overrides: { ...others, [name]: undefined } } };
    const server = await ServerProcess.start({ name, folder, settings, isWatched: true, ...own });
    stack.defer(() => server.stop());
    return server;
  };
  const resident = await start(RESIDENT, { port: residentPort, database: options.databases.resident });
  const room = await buildLargeRoom(resident, rogues.slice(0, SERVERS), options.members);
  const joiner = await start(JOINER, { port, database: options.databases.joiner });
  await measureJoin(table, { joiner, resident, roomId: room.roomId, members: options.members });
  const [inside, outside] = rogues.slice(SERVERS);
  if (inside && outside) await measureLargeAnswers(table, { resident, room, rogues: { inside, outside } });
};

interface Joining {
  readonly joiner: ServerProcess;
  readonly resident: ServerProcess;
  readonly roomId: string;
  readonly members: number;
}

const measureJoin = async (table: Table, { joiner, resident, roomId, members }: Joining): Promise<void> => {
  const client = new Client(joiner.url, 8);
  const anna = await client.register('anna');
  const elsewhere = await talkElsewhere(client);
  const [stop, stopResident] = [await joiner.watch(), await resident.watch()];
  const start = performance.now();
  const path = encodeURIComponent(roomId);
  await client.ask('POST', `/join/${path}?via=${resident.name}`, { token: anna.token, body: {} });
  const joined = performance.now() - start;
  await client.say(anna, roomId);
  const sync = JSON.parse(await client.sync(anna)) as { rooms?: { join?: Record<string, unknown> } };
  if (sync.rooms?.join?.[roomId] === undefined) throw new Error('who has joined does not see the room');
  const usable = performance.now() - start;
  await untilComplete(client, anna, { path, members: members + 1 });
  const complete = performance.now() - start;
  const held = await stop();
  const residentHeld = await stopResident();
  const sends = await elsewhere.stop();
  await client.close();
  const what = `join of a room of ${members.toLocaleString('en')}`;
  table.add(`${what}: until it is answered`, time(joined));
  table.add(`    until who joins has sent and synced`, time(usable));
  table.add(`    until all members are known`, time(complete));
  table.add(`    processor time of the joining process`, time(held.cpuMs));
  table.add(`    memory of the joining process: more than before, at most`, `${held.moreMb.toFixed(0)} MB`);
  addHeld(table, held);
  table.add(
    `    sends in another room meanwhile, p50 / p99`,
    `${time(quantile(sends, 0.5))} / ${time(quantile(sends, 0.99))}`,
  );
  table.add(`the server that tells it all of that: processor time`, time(residentHeld.cpuMs));
  addHeld(table, residentHeld);
};

const untilComplete = async (
  client: Client,
  { token }: Person,
  { path, members }: { readonly path: string; readonly members: number },
): Promise<void> => {
  const start = performance.now();
  for (let known = 0; known < members;) {
    if (performance.now() - start > PATIENCE_MS) throw new Error(`of ${members} members ${known} are known`);
    known = await client.ask('GET', `/rooms/${path}/joined_members`, { token }).then(
      ({ joined }: { joined: object }) => Object.keys(joined).length,
      () => known,
    );
    if (known < members) await pause(100);
  }
};

/** Somebody who goes on talking in a small room; resolves to how long each message took. */
const talkElsewhere = async (client: Client): Promise<{ stop(): Promise<readonly number[]> }> => {
  const bob = await client.register('bob');
  const room = await client.createRoom(bob);
  const took: number[] = [];
  let isOver = false;
  const talk = async (): Promise<void> => {
    while (!isOver) {
      const start = performance.now();
      await client.say(bob, room);
      took.push(performance.now() - start);
      await pause(20);
    }
  };
  const talking = talk();
  return {
    async stop() {
      isOver = true;
      await talking;
      return took;
    },
  };
};

const runAlone = async (): Promise<void> => {
  const { members } = parseArgs({ options: { members: { type: 'string', default: '20000' } } }).values;
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'holm-bench-join-'));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const dataDir = mkdtempSync(join(tmpdir(), 'holm-bench-database-'));
  stack.defer(() => rmSync(dataDir, { recursive: true }));
  const database = await startEmbedded({ dataDir, log: silentLog });
  stack.defer(() => database.stop());
  const databases = {
    resident: await createDatabase(database.url, 'resident'),
    joiner: await createDatabase(database.url, 'joiner'),
  };
  await measureLargeRoom(new Table(), { folder, databases, members: Number(members) });
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await runAlone();

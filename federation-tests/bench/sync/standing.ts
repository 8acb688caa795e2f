// `npm run bench:standing [-- --quick --seconds N]`: 5,000 WebSockets and 1,000 long polls that stay for ten minutes, while one message a
// second is said in rooms of twenty. A server as a process of its own; this process holds all the clients. docs/benchmarks.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { silentLog } from '@holm/homeserver/platform/log';
import { startEmbedded } from '@holm/homeserver/storage/embedded';
import { Client, type Person } from '../client.ts';
import { each } from '../load.ts';
import { describeMachine, header, mb, ms, row } from '../report.ts';
import { ServerProcess } from '../server-process.ts';
import { createDatabase, versionOfPostgres } from '../tables.ts';
import { longPolls } from './followers.ts';
import { SocketFollower } from './web-sockets.ts';

const { quick, seconds } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, seconds: { type: 'string' } },
}).values;
const stay = seconds === undefined ? undefined : { seconds: Number(seconds) };
const sizes = {
  ...(quick ? { sockets: 500, polls: 100, seconds: 60 } : { sockets: 5_000, polls: 1_000, seconds: 600 }),
  ...stay,
};
const PER_ROOM = 20;
const TOGETHER = 16;
const TOLD_EVERY_SECONDS = quick ? 20 : 60;
const STRAGGLERS_MS = 10_000;
const ROUND_MS = 6_000;

await using stack = new AsyncDisposableStack();
const folder = mkdtempSync(join(tmpdir(), 'holm-bench-standing-'));
stack.defer(() => rmSync(folder, { recursive: true }));
const database = await startEmbedded({ dataDir: join(folder, 'database'), log: silentLog });
stack.defer(() => database.stop());
describeMachine(await versionOfPostgres(database.url));
header();

const url = await createDatabase(database.url, 'bench_standing');
// All come from one address here, which real ones do not.
const settings = { websockets: { max_sockets_per_address: 2 * sizes.sockets } };
const start = (): Promise<ServerProcess> => ServerProcess.start({ folder, database: url, settings, isWatched: true });

const people: Person[] = [];
const rooms: string[] = [];
const founding = await start();
const founder = new Client(founding.url, 64);
await each(sizes.sockets + sizes.polls, TOGETHER, async (i) => void (people[i] = await founder.register(`person${i}`)));
await each(people.length / PER_ROOM, TOGETHER, async (i) => {
  const [owner, ...others] = people.slice(i * PER_ROOM, (i + 1) * PER_ROOM);
  if (!owner) return;
  const room = await founder.createRoom(owner);
  rooms[i] = room;
  for (const other of others) await founder.join(other, room);
});
await founder.close();
await founding.stop();

// A server that has not been through all of that.
const server = await start();
stack.defer(() => server.stop());
const client = new Client(server.url, 16);
stack.defer(() => client.close());
row('resident memory of the server, fresh', mb(server.residentMb));

let heard = 0;
const hear = (text: string): void => void (heard += text.split('"type":"m.room.message"').length - 1);
const door = longPolls(server.url);
stack.defer(() => door.close());
// Everyone is in one of the rooms; the polls are in the same rooms as the sockets, so that each room has both.
const isPolling = (i: number): boolean => i % (people.length / sizes.polls) === 0;
const sockets: SocketFollower[] = [];
const polls: ReturnType<typeof door.open>[] = [];
stack.defer(async () => {
  await Promise.allSettled([...sockets, ...polls].map((one) => one.stop()));
});
const held = await server.watch();
await each(people.length, TOGETHER, async (i) => {
  const person = people[i];
  if (!person) return;
  if (isPolling(i)) {
    const poll = door.open(person);
    polls.push(poll);
    await poll.start(hear);
  } else {
    const socket = new SocketFollower(server.url, person);
    sockets.push(socket);
    await socket.start(hear);
  }
});
row('who follows', `${sockets.length} WebSockets, ${polls.length} long polls`);
row('resident memory of the server, all connected', mb(server.residentMb));
// Presence goes round every five seconds.
await pause(ROUND_MS);
const { loopMs, workedMs, ownMs, garbageMs } = await held();
row('event loop held while they came, at most', `${ms(loopMs)}, at work in one go ${ms(workedMs)}`);
row('    collecting garbage left out', `${ms(ownMs)}; one collection ${ms(garbageMs)}`);

let said = 0;
const say = async (): Promise<void> => {
  const room = said % rooms.length;
  const speaker = people[room * PER_ROOM + (Math.floor(said / rooms.length) % PER_ROOM)];
  if (speaker) await client.say(speaker, rooms[room] ?? '', `${said++}`);
};
const lost = (): string[] => sockets.flatMap((socket) => socket.lost ?? []);
let spent = server.cpuSeconds;
for (let second = 1; second <= sizes.seconds; second++) {
  const next = pause(1000);
  await say();
  await next;
  if (second % TOLD_EVERY_SECONDS > 0) continue;
  const share = (100 * (server.cpuSeconds - spent)) / TOLD_EVERY_SECONDS;
  spent = server.cpuSeconds;
  row(`after ${second} s`, `${mb(server.residentMb)}, ${share.toFixed(1)} % of a core, ${lost().length} lost`);
}
const patience = performance.now() + STRAGGLERS_MS;
while (heard < said * PER_ROOM && performance.now() < patience) await pause(100);
row('messages said, and heard by each who was in the room', `${said}, ${heard} of ${said * PER_ROOM}`);
await Promise.all([...sockets, ...polls].map((one) => one.stop()));
const isWhole = lost().length === 0 && heard === said * PER_ROOM;
row('everybody stayed, and heard everything', isWhole ? 'yes' : `no: ${lost().slice(0, 3).join('; ')}`);
process.exitCode = isWhole ? 0 : 1;

import { setTimeout as pause } from 'node:timers/promises';
import type { Person } from '../client.ts';
import { each } from '../load.ts';
import { row } from '../report.ts';
import type { ServerProcess } from '../server-process.ts';
import { type Door, longPolls, slidingPolls } from './followers.ts';
import type { Setting } from './setting.ts';
import { webSockets } from './web-sockets.ts';

const TOGETHER = 16;
const SETTLE_MS = 2_000;
const WATCHED_MS = 10_000;

interface Sizes {
  readonly idle: number;
}

/** What those cost who wait and hear nothing, each with a room of their own. */
export const measureIdle = async ({ restart, client }: Setting, { idle }: Sizes): Promise<void> => {
  const people: Person[] = [];
  await each(idle, TOGETHER, async (i) => {
    const person = await client.register(`idler${i}`);
    people.push(person);
    await client.createRoom(person);
  });
  const server = await restart();
  for (const open of [longPolls, slidingPolls, webSockets]) {
    // What is in memory of everybody who was there lately, and code that runs for the first time, is not counted.
    await leave(await enter(open(server.url), people));
    await pause(SETTLE_MS);
    await measureDoor(server, open(server.url), people);
  }
  await server.stop();
};

const measureDoor = async (server: ServerProcess, door: Door, people: readonly Person[]): Promise<void> => {
  const [before, spentBefore] = [await server.usedMb(), server.cpuSeconds];
  await pause(WATCHED_MS);
  const without = server.cpuSeconds - spentBefore;
  const inside = await enter(door, people);
  await pause(SETTLE_MS);
  const [after, spent] = [await server.usedMb(), server.cpuSeconds];
  await pause(WATCHED_MS);
  const within = server.cpuSeconds - spent;
  const perClient = (mb: number): string => `${((mb * 1024) / people.length).toFixed(1)} kB`;
  row(
    `an idle client of ${people.length} ${door.name}, memory`,
    `${perClient(after.all - before.all)} (heap ${perClient(after.heap - before.heap)})`,
  );
  const perMinute = ((within - without) / (WATCHED_MS / 60_000) / people.length) * 1e6;
  row(`    processor time in a minute, without the polls' ends`, `${Math.max(0, perMinute).toFixed(0)} µs`);
  await leave(inside);
};

interface Inside {
  readonly door: Door;
  readonly stop: () => Promise<unknown>;
}

const enter = async (door: Door, people: readonly Person[]): Promise<Inside> => {
  const followers = people.map((person) => door.open(person));
  await each(followers.length, TOGETHER, async (i) => followers[i]?.start(() => undefined));
  return { door, stop: () => Promise.all(followers.map((one) => one.stop())) };
};

const leave = async ({ door, stop }: Inside): Promise<void> => {
  await stop();
  await door.close();
};

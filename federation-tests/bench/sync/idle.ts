import { setTimeout as pause } from 'node:timers/promises';
import type { Person } from '../client.ts';
import { each } from '../load.ts';
import { row } from '../report.ts';
import type { Used } from '../server-process.ts';
import { startBare, type Weighed } from './bare.ts';
import { type Door, longPolls, slidingPolls } from './followers.ts';
import type { Setting } from './setting.ts';
import { webSockets } from './web-sockets.ts';

const TOGETHER = 16;
const SETTLE_MS = 2_000;
const WATCHED_MS = 10_000;

interface Sizes {
  readonly idle: number;
}

/** What those cost who wait and hear nothing, each with a room of their own; beside it what they cost a server that does nothing else. */
export const measureIdle = async ({ restart, client }: Setting, { idle }: Sizes): Promise<void> => {
  const people: Person[] = [];
  await each(idle, TOGETHER, async (i) => {
    const person = await client.register(`idler${i}`);
    people.push(person);
    await client.createRoom(person);
  });
  const server = await restart();
  for (const doorAt of [longPolls, slidingPolls, webSockets]) {
    await using bare = await startBare();
    const floor = await heldBy(bare, doorAt, people);
    let [within, without] = [0, 0];
    const watch = async (): Promise<number> => {
      const spent = server.cpuSeconds;
      await pause(WATCHED_MS);
      return server.cpuSeconds - spent;
    };
    const held = await heldBy(server, doorAt, people, {
      before: async () => void (without = await watch()),
      inside: async () => void (within = await watch()),
    });
    const kB = (mb: number): string => ((mb * 1024) / people.length).toFixed(1);
    row(
      `an idle client of ${people.length} ${doorAt(server.url).name}, memory`,
      `${kB(held.all)} kB (heap ${kB(held.heap)}); of a bare server ${kB(floor.all)} kB`,
    );
    const perMinute = ((within - without) / (WATCHED_MS / 60_000) / people.length) * 1e6;
    row(`    processor time in a minute, without the polls' ends`, `${Math.max(0, perMinute).toFixed(0)} µs`);
  }
  await server.stop();
};

interface Moments {
  readonly before?: () => Promise<void>;
  readonly inside?: () => Promise<void>;
}

/** How much more a server uses with all of them than without. */
const heldBy = async (
  server: Weighed,
  doorAt: (url: string) => Door,
  people: readonly Person[],
  { before, inside }: Moments = {},
): Promise<Used> => {
  // What is in memory of everybody who was there lately, and code that runs for the first time, is not counted.
  await leave(await enter(doorAt(server.url), people));
  await pause(SETTLE_MS);
  const without = await server.usedMb();
  await before?.();
  const all = await enter(doorAt(server.url), people);
  await pause(SETTLE_MS);
  const within = await server.usedMb();
  await inside?.();
  await leave(all);
  return { heap: within.heap - without.heap, all: within.all - without.all };
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

import { setTimeout as pause } from 'node:timers/promises';
import type { Client, Person } from '../client.ts';
import { each, quantile } from '../load.ts';
import { ms, row } from '../report.ts';
import { type Door, longPolls, slidingPolls } from './followers.ts';
import type { Setting } from './setting.ts';
import { webSockets } from './web-sockets.ts';

const PER_ROOM = 20;
const TOGETHER = 16;
const RATE = 100;
const WARM_UP_SECONDS = 3;
/** Longest wait for what is under way when the last message has been sent. */
const STRAGGLERS_MS = 10_000;

interface Sizes {
  readonly clients: number;
  readonly seconds: number;
}

interface Town {
  readonly people: readonly Person[];
  readonly rooms: readonly string[];
}

/**
 * Many clients, each in a room of twenty, and a hundred messages a second in all: from the call of send to the moment when
 * the whole answer with the message has been read, of each who is in the room.
 */
export const measureFanOut = async ({ server, client }: Setting, { clients, seconds }: Sizes): Promise<void> => {
  const town = await settle(client, clients);
  for (const open of [longPolls, slidingPolls, webSockets]) {
    const door = open(server.url);
    const followers = town.people.map((person) => ({ person, follower: door.open(person) }));
    const hearing = new Hearing();
    await each(
      followers.length,
      TOGETHER,
      (i) => followers[i]?.follower.start((text) => hearing.heard(text)) ?? never(),
    );
    await speak(client, town, { hearing, seconds: WARM_UP_SECONDS });
    hearing.forget();
    const before = server.cpuSeconds;
    await speak(client, town, { hearing, seconds });
    const spent = server.cpuSeconds - before;
    report(door, { hearing, clients, spent });
    await Promise.all(followers.map(({ follower }) => follower.stop()));
    await door.close();
  }
};

const never = (): never => {
  throw new Error('nobody is there');
};

const settle = async (client: Client, clients: number): Promise<Town> => {
  const people: Person[] = [];
  await each(clients, TOGETHER, async (i) => void (people[i] = await client.register(`client${i}`)));
  const rooms: string[] = [];
  await each(clients / PER_ROOM, TOGETHER, async (i) => {
    const [owner, ...others] = people.slice(i * PER_ROOM, (i + 1) * PER_ROOM);
    const room = await client.createRoom(owner ?? never());
    rooms[i] = room;
    for (const other of others) await client.join(other, room);
  });
  return { people, rooms };
};

/** Says `RATE` things a second, whether or not those before have arrived, and waits until all have. */
const speak = async (
  client: Client,
  { people, rooms }: Town,
  { hearing, seconds }: { readonly hearing: Hearing; readonly seconds: number },
): Promise<void> => {
  const total = RATE * seconds;
  const start = performance.now();
  const sends: Promise<void>[] = [];
  for (let i = 0; i < total; i++) {
    await pause(Math.max(0, start + (i * 1000) / RATE - performance.now()));
    const room = i % rooms.length;
    const sender = people[room * PER_ROOM + (Math.floor(i / rooms.length) % PER_ROOM)] ?? never();
    sends.push(client.say(sender, rooms[room] ?? never(), hearing.mark()));
  }
  await Promise.all(sends);
  const expected = total * PER_ROOM;
  const before = hearing.times.length;
  const patience = performance.now() + STRAGGLERS_MS;
  while (hearing.times.length - before < expected && performance.now() < patience) await pause(20);
  hearing.expected += expected;
};

/** When each message was sent, and how long it took to each who heard it. */
class Hearing {
  times: number[] = [];
  expected = 0;
  readonly #sentAt: number[] = [];
  readonly #prefix = `m${Date.now().toString(36)}_`;
  readonly #marks = new RegExp(`${this.#prefix}(\\d+)\\b`, 'g');

  mark(): string {
    return `${this.#prefix}${this.#sentAt.push(performance.now()) - 1}`;
  }

  heard(text: string): void {
    const now = performance.now();
    for (const [, index] of text.matchAll(this.#marks)) {
      this.times.push(now - (this.#sentAt[Number(index)] ?? Number.NaN));
    }
  }

  forget(): void {
    this.times = [];
    this.expected = 0;
  }
}

const report = (
  { name }: Door,
  { hearing, clients, spent }: { readonly hearing: Hearing; readonly clients: number; readonly spent: number },
): void => {
  const { times, expected } = hearing;
  const missed =
    expected === times.length ? '' : `; did not keep up, ${expected - times.length} of ${expected} missing`;
  row(
    `send to sync at ${RATE}/s in rooms of ${PER_ROOM}, ${clients} ${name}`,
    `p50 ${ms(quantile(times, 0.5))}, p99 ${ms(quantile(times, 0.99))}${missed}`,
  );
  row(
    `    processor time of the server, for each who hears a message`,
    `${((spent * 1e6) / times.length).toFixed(0)} µs`,
  );
};

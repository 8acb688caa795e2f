import { setTimeout as pause } from 'node:timers/promises';
import type { Client, Person } from '../client.ts';
import { closedLoop, each } from '../load.ts';
import { ms, rate, row } from '../report.ts';
import type { Pair, Side } from './pair.ts';

const POLL_MS = 10;
const PATIENCE_MS = 300_000;
const AT_ONCE = 10;

interface Rooms {
  readonly owners: readonly Person[];
  readonly guest: Person;
  readonly rooms: readonly string[];
}

/** Resolves once the newest message of each room is there: a server takes those of one room in their order. */
const untilArrived = async (client: Client, { guest, rooms }: Rooms, mark: string): Promise<void> => {
  const end = performance.now() + PATIENCE_MS;
  for (const room of rooms) {
    for (;;) {
      const path = `/rooms/${encodeURIComponent(room)}/messages?dir=b&limit=1`;
      const { chunk } = await client.ask('GET', path, { token: guest.token });
      if (String(chunk[0]?.content?.body).endsWith(mark)) break;
      if (performance.now() > end) throw new Error('the last message does not arrive');
      await pause(POLL_MS);
    }
  }
};

/** Processor time that each of two servers takes for work. */
const busy = async (sides: readonly Side[], work: () => Promise<void>): Promise<number[]> => {
  const before = sides.map(({ server }) => server.cpuSeconds);
  await work();
  return sides.map(({ server }, index) => server.cpuSeconds - (before[index] ?? 0));
};

/** As fast as people can write: what the first server takes from them, and how long the second is behind. */
export const measureFlow = async ({ a, b }: Pair, in_: Rooms, seconds: number): Promise<void> => {
  const { owners, rooms } = in_;
  const width = Math.max(AT_ONCE, rooms.length);
  const say = (lane: number, mark = '') =>
    a.client.say(owners[lane % owners.length] as Person, rooms[lane % rooms.length] as string, mark);
  let [sent, behindMs, tookMs] = [0, 0, 0];
  const cpu = await busy([a, b], async () => {
    const start = performance.now();
    const { times } = await closedLoop({ width, seconds }, (lane) => say(lane));
    sent = times.length;
    const last = performance.now();
    await Promise.all(rooms.map((_, lane) => say(lane, 'the end')));
    await untilArrived(b.client, in_, 'the end');
    [behindMs, tookMs] = [performance.now() - last, performance.now() - start];
  });
  const what = `${rooms.length} ${rooms.length === 1 ? 'room' : 'rooms'}`;
  row(`events sent on A and received on B, ${what}`, rate(sent / (tookMs / 1000)));
  row(`    taken from clients by A; B is behind at the end by`, `${rate(sent / seconds)}; ${ms(behindMs)}`);
  const [cpuA = 0, cpuB = 0] = cpu.map((of) => (of * 1000) / sent);
  row('    processor time an event, A and B', `${cpuA.toFixed(2)} and ${cpuB.toFixed(2)} ms`);
};

/** What waits for a server that was away for a moment. */
export const measureBacklog = async (pair: Pair, in_: Rooms, events: number): Promise<void> => {
  const { a, b } = pair;
  const { owners, rooms } = in_;
  await pair.stopB();
  const say = (lane: number, mark = '') =>
    a.client.say(owners[lane % owners.length] as Person, rooms[lane % rooms.length] as string, mark);
  await say(0, 'the first');
  await each(events, AT_ONCE, (index) => say(index));
  await Promise.all(rooms.map((_, lane) => say(lane, 'back')));
  await pair.startB();
  const start = performance.now();
  await untilArrived(b.client, in_, 'back');
  row(
    `${events} events in ${rooms.length} rooms that waited for B to come back`,
    rate(events / ((performance.now() - start) / 1000)),
  );
};

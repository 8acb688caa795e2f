import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '@holm/homeserver/platform/clock';
import { Rogue } from '../../src/rogue.ts';
import { Client } from '../client.ts';
import { each, timed } from '../load.ts';
import { mb, ms, row } from '../report.ts';
import { buildLargeRoom } from '../rooms/large-room.ts';
import { ServerProcess } from '../server-process.ts';

const PATIENCE_MS = 120_000;
const SEND = '/_matrix/federation/v1/send/';
const NAME = 'host.localhost';

interface Crowd {
  readonly server: ServerProcess;
  readonly client: Client;
  readonly say: () => Promise<void>;
  readonly others: readonly Rogue[];
  /** Transactions that arrived, and the events in them. */
  readonly got: { transactions: number; events: number };
}

export interface CrowdOptions {
  readonly folder: string;
  readonly database: string;
  readonly servers: number;
  readonly profile?: string | undefined;
}

/** A room with somebody of each of many servers, which do nothing but take what they are sent. */
const gather = async (stack: AsyncDisposableStack, options: CrowdOptions): Promise<Crowd> => {
  const got = { transactions: 0, events: 0 };
  const others: Rogue[] = [];
  for (let n = 0; n < options.servers; n++) {
    const other = await Rogue.start(`s${n}.localhost`, systemClock);
    other.answers.set(SEND, (_, body) => {
      got.transactions++;
      got.events += (body as { pdus: unknown[] }).pdus.length;
      return { status: 200, body: { pdus: {} } };
    });
    others.push(other);
  }
  const overrides = Object.fromEntries(others.map(({ name, url }) => [name, url]));
  const folder = join(options.folder, 'crowd');
  mkdirSync(folder, { recursive: true });
  const server = await ServerProcess.start({
    name: NAME,
    folder,
    database: options.database,
    settings: { federation: { overrides } },
    isWeighed: true,
    profileInto: options.profile,
  });
  stack.defer(() => server.stop());
  const { roomId, owner } = await buildLargeRoom(server, others, options.servers + 2);
  const client = new Client(server.url, 8);
  stack.defer(() => client.close());
  return { server, client, others, got, say: () => client.say(owner, roomId) };
};

const until = async (what: string, isTrue: () => boolean): Promise<void> => {
  const end = performance.now() + PATIENCE_MS;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error(`${what} does not come`);
    await pause(5);
  }
};

/** A message in a room of so many servers: one at a time, and many at once. */
export const measureFanOut = async (options: CrowdOptions, messages: number): Promise<void> => {
  await using stack = new AsyncDisposableStack();
  const { server, say, others, got } = await gather(stack, options);
  for (const other of others) stack.use(other);
  const count = others.length;
  const deliver = async (width: number, number: number) => {
    const [before, cpu] = [{ ...got }, server.cpuSeconds];
    const took = await timed(async () => {
      if (width > 1) await each(number, width, say);
      for (let n = 0; n < number && width === 1; n++) {
        await say();
        await until('the message', () => got.events >= before.events + (n + 1) * count);
      }
      await until('the last message', () => got.events >= before.events + number * count);
    });
    const transactions = (got.transactions - before.transactions) / count;
    return { cpuMs: ((server.cpuSeconds - cpu) * 1000) / number, tookMs: took / number, transactions };
  };
  await deliver(1, 3); // the compiler warms up, and connections are opened
  const single = await deliver(1, messages);
  row(`a message to ${count} servers, one at a time: processor time of the server`, ms(single.cpuMs));
  row('    until the last server has it', ms(single.tookMs));
  row('    for one server', `${((single.cpuMs * 1000) / count).toFixed(0)} µs`);
  const many = await deliver(10, messages * 5);
  row(`${messages * 5} messages to ${count} servers, 10 at a time: processor time for one`, ms(many.cpuMs));
  row('    transactions to each server', many.transactions.toFixed(1));
};

/** What it takes in memory that so many servers cannot be reached while people go on. */
export const measureDead = async (options: CrowdOptions, seconds: number): Promise<void> => {
  await using stack = new AsyncDisposableStack();
  const { server, say, others } = await gather(stack, options);
  await say();
  await pause(2_000);
  const before = await server.usedMb();
  await Promise.all(others.map((other) => other[Symbol.asyncDispose]()));
  const cpu = server.cpuSeconds;
  for (let n = 0; n < seconds * 10; n++) {
    await say();
    await pause(90);
  }
  await pause(2_000);
  const after = await server.usedMb();
  const share = ((server.cpuSeconds - cpu) / seconds) * 100;
  const what = `${others.length} servers that cannot be reached, ${seconds * 10} messages`;
  row(`${what}: memory in use, before and after`, `${mb(before.all)} and ${mb(after.all)}`);
  row('    resident memory', mb(server.residentMb));
  row('    processor time', `${share.toFixed(0)} % of a core`);
};

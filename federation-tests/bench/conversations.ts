import type { Client, Person } from './client.ts';
import { sendToSync } from './latency.ts';
import { closedLoop, each, quantile } from './load.ts';
import { ms, rate, row } from './report.ts';
import { tableBytes } from './tables.ts';

const PEOPLE = 50;

interface Sizes {
  readonly client: Client;
  readonly databaseUrl: string;
  readonly seconds: number;
  /** Over how many messages the growth of the database is taken. */
  readonly messages: number;
}

/** Sending, hearing, and what a message leaves behind. */
export const measureConversations = async ({ client, databaseUrl, seconds, messages }: Sizes): Promise<void> => {
  const people: Person[] = [];
  row(
    'accounts, 8 at a time',
    rate(await each(PEOPLE + 1, 8, async (i) => void people.push(await client.register(`talker${i}`)))),
  );
  const [sender, ...receivers] = people;
  if (!sender) throw new Error('nobody is there');
  const rooms = await Promise.all(people.slice(0, PEOPLE).map((person) => client.createRoom(person)));
  const [room = ''] = rooms;

  await closedLoop({ width: 4, seconds: 2 }, () => client.say(sender, room)); // the compiler warms up
  const shapes = [
    ['sends, 1 room, 1 sender', 1, 1],
    ['sends, 1 room, 10 at a time', 10, 1],
    ['sends, 50 rooms, a sender in each', 50, 50],
  ] as const;
  for (const [what, width, spread] of shapes) {
    const { perSecond, times } = await closedLoop({ width, seconds }, (lane) =>
      client.say(people[lane % spread] ?? sender, rooms[lane % spread] ?? room),
    );
    row(what, `${rate(perSecond)} (p50 ${ms(quantile(times, 0.5))})`);
  }

  const before = await tableBytes(databaseUrl);
  await each(messages, 10, (i) => client.say(people[i % PEOPLE] ?? sender, rooms[i % PEOPLE] ?? room));
  const grown = (await tableBytes(databaseUrl)) - before;
  row(`bytes in the database per message, with indexes, over ${messages}`, (grown / messages).toFixed(0));

  await latency({ client, sender, receivers: receivers.slice(0, 1) }, seconds);
  await latency({ client, sender, receivers }, seconds);
};

const latency = async (
  who: { readonly client: Client; readonly sender: Person; readonly receivers: readonly Person[] },
  seconds: number,
): Promise<void> => {
  const room = await who.client.createRoom(who.sender);
  for (const receiver of who.receivers) await who.client.join(receiver, room);
  const times = await sendToSync({ ...who, room }, { rate: 20, seconds });
  const share = `p50 ${ms(quantile(times, 0.5))}, p99 ${ms(quantile(times, 0.99))}`;
  row(`send to sync at 20/s, 1 sender, ${who.receivers.length} listening`, share);
};

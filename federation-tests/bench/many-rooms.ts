import { type Client, type Detail, nextBatch, type Person } from './client.ts';
import { closedLoop, each, quantile, timed } from './load.ts';
import { mb, ms, rate, row } from './report.ts';

const REPEATED = 5;
const TOGETHER = 8;
const MESSAGES_PER_ROOM = 10;

interface Sizes {
  readonly client: Client;
  readonly seconds: number;
  readonly rooms: number;
  readonly members: number;
}

/** Creating and filling rooms, and syncing an account that is in all of them. */
export const measureManyRooms = async ({ client, seconds, rooms, members }: Sizes): Promise<void> => {
  const people: Person[] = [];
  await each(members, TOGETHER, async (i) => void people.push(await client.register(`member${i}`)));
  const [owner, ...others] = people;
  if (!owner) throw new Error('nobody is there');
  const ids: string[] = [];
  row(
    `rooms created, ${TOGETHER} at a time`,
    rate(await each(rooms, TOGETHER, async () => void ids.push(await client.createRoom(owner)))),
  );
  const joins = others.flatMap((person) => ids.map((id) => [person, id] as const));
  row(
    `joins, ${TOGETHER} at a time, ${rooms} rooms`,
    rate(await each(joins.length, TOGETHER, (i) => client.join(...(joins[i] ?? [owner, ''])))),
  );
  await each(rooms * MESSAGES_PER_ROOM, TOGETHER, (i) =>
    client.say(people[i % members] ?? owner, ids[i % rooms] ?? ''),
  );

  for (const detail of ['lazy', 'full'] as const) await initialSync({ client, rooms, members }, owner, detail);
  const since = nextBatch(await client.sync(owner));
  for (const width of [1, 10]) {
    const { perSecond, times } = await closedLoop({ width, seconds }, () => client.sync(owner, { since }));
    row(`syncs with nothing new, ${width} at a time`, `${rate(perSecond)} (p50 ${ms(quantile(times, 0.5))})`);
  }
};

const initialSync = async (
  { client, rooms, members }: Omit<Sizes, 'seconds'>,
  owner: Person,
  detail: Detail,
): Promise<void> => {
  const times: number[] = [];
  let bytes = 0;
  for (let i = 0; i < REPEATED; i++) {
    const device = await client.newDevice(owner);
    times.push(await timed(async () => (bytes = (await client.sync(device, { detail })).length)));
  }
  const [first = 0] = times;
  const value = `${ms(quantile(times, 0.5))} (first ${ms(first)}, ${mb(bytes / 1e6)})`;
  row(`initial sync, ${detail}, ${rooms} rooms with ${members} members`, value);
};

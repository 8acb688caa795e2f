import { type Client, type Detail, type Person } from '../client.ts';
import { each, quantile, timed } from '../load.ts';
import { mb, ms, rate, row } from '../report.ts';
import type { Setting } from './setting.ts';

const REPEATED = 7;
const TOGETHER = 16;
const MESSAGES_PER_ROOM = 20;

interface Sizes {
  readonly rooms: number;
  readonly members: number;
}

/** The first sync of somebody who is in many well-filled rooms: to a server that has just started, and then. */
export const measureInitial = async ({ client, restart }: Setting, sizes: Sizes): Promise<void> => {
  const { rooms, members } = sizes;
  const people: Person[] = [];
  await each(members, TOGETHER, async (i) => void people.push(await client.register(`member${i}`)));
  const [owner, ...others] = people;
  if (!owner) throw new Error('nobody is there');
  const ids: string[] = [];
  await each(rooms, TOGETHER, async () => void ids.push(await client.createRoom(owner)));
  // Side by side in many rooms: one after the other in each.
  const joins = others.flatMap((person) => ids.map((id) => [person, id] as const));
  row(
    `joins, ${TOGETHER} at a time, ${rooms} rooms with ${members} members`,
    rate(await each(joins.length, TOGETHER, (i) => client.join(...(joins[i] ?? [owner, ''])))),
  );
  await each(rooms * MESSAGES_PER_ROOM, TOGETHER, (i) =>
    client.say(people[i % members] ?? owner, ids[i % rooms] ?? ''),
  );
  const fresh = await restart();
  const again = client.at(fresh.url);
  for (const detail of ['lazy', 'full'] as const) await first(again, { owner, detail, ...sizes });
  await again.close();
  await fresh.stop();
};

const first = async (
  client: Client,
  { owner, detail, rooms, members }: Sizes & { readonly owner: Person; readonly detail: Detail },
): Promise<void> => {
  const times: number[] = [];
  let bytes = 0;
  for (let i = 0; i < REPEATED; i++) {
    const device = await client.newDevice(owner);
    times.push(await timed(async () => (bytes = (await client.sync(device, { detail })).length)));
  }
  const [coldest = 0, ...warm] = times;
  const value = `p50 ${ms(quantile(warm, 0.5))} (first ${ms(coldest)}, ${mb(bytes / 1e6)})`;
  row(`initial sync, ${detail}, ${rooms} rooms with ${members} members`, value);
};

import { Pool } from 'undici';
import type { Person } from '../client.ts';
import { each, quantile, timed } from '../load.ts';
import { ms, rate, row } from '../report.ts';
import type { Setting } from './setting.ts';

const REPEATED = 50;
const PATH = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync?timeout=0';
const REQUIRED = ['m.room.name', 'm.room.encryption', 'm.room.avatar', 'm.room.create', 'm.room.power_levels'];

interface Sizes {
  readonly listed: number;
}

interface Question {
  readonly connection: string;
  readonly last: number;
  readonly timeline?: number;
  readonly pos?: string;
}

interface Answer {
  readonly pos: string;
  readonly rooms: object;
}

/** One connection of Element X: twenty rooms of all, then more. */
const sliding = async (
  pool: Pool,
  { token }: Person,
  { connection, last, timeline = 1, pos }: Question,
): Promise<Answer> => {
  const required = [...REQUIRED.map((type) => [type, '']), ['m.room.member', '$LAZY'], ['m.room.member', '$ME']];
  const list = { ranges: [[0, last]], timeline_limit: timeline, required_state: required };
  const extensions = { account_data: { enabled: true }, receipts: { enabled: true }, typing: { enabled: true } };
  const answer = await pool.request({
    method: 'POST',
    path: `${PATH}${pos === undefined ? '' : `&pos=${encodeURIComponent(pos)}`}`,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ conn_id: connection, lists: { all: list }, extensions }),
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(text);
  return JSON.parse(text) as Answer;
};

const spread = (times: readonly number[]): string =>
  `p50 ${ms(quantile(times, 0.5))}, p99 ${ms(quantile(times, 0.99))}`;

/** Somebody with thousands of rooms asks for the first twenty, and then for what is new. */
export const measureManyRooms = async ({ client, restart }: Setting, { listed }: Sizes): Promise<void> => {
  const owner = await client.register('many');
  const rooms: string[] = [];
  const create = async (i: number) => void (rooms[i] = await client.createRoom(owner));
  row(`rooms created, 8 at a time`, rate(await each(listed, 8, create)));
  for (const which of ['that has no cards yet', 'that has them']) {
    const server = await restart();
    const pool = new Pool(server.url, { connections: 2 });
    const took = await timed(() => sliding(pool, owner, { connection: 'cold', last: 19 }));
    row(`first 20 of ${listed} rooms, the first question to a server ${which}`, ms(took));
    if (which === 'that has them') {
      const again = client.at(server.url);
      const say = (n: number) => again.say(owner, rooms[n % rooms.length] ?? '');
      await measureFirst(pool, { owner, listed });
      await measureNews(pool, { owner, last: 19, say });
      await measureNews(pool, { owner, last: listed - 1, say });
      await again.close();
    }
    await pool.close();
    await server.stop();
  }
};

const measureFirst = async (pool: Pool, { owner, listed }: { owner: Person; listed: number }): Promise<void> => {
  for (const timeline of [1, 20]) {
    const times: number[] = [];
    for (let n = 0; n < REPEATED; n++) {
      times.push(await timed(() => sliding(pool, owner, { connection: `first ${n % 10}`, last: 19, timeline })));
    }
    row(`first 20 of ${listed} rooms, timelines of ${timeline}`, spread(times));
  }
};

interface Follow {
  readonly owner: Person;
  readonly last: number;
  /** Says something in one of the rooms. */
  readonly say: (room: number) => Promise<void>;
}

const measureNews = async (pool: Pool, { owner, last, say }: Follow): Promise<void> => {
  const connection = `following ${last}`;
  let pos = (await sliding(pool, owner, { connection, last: 0 })).pos;
  const ask = async () => {
    pos = (await sliding(pool, owner, { connection, last, pos })).pos;
  };
  row(`all of the first ${last + 1} at once`, ms(await timed(ask)));
  const [still, told]: [number[], number[]] = [[], []];
  for (let n = 0; n < REPEATED; n++) still.push(await timed(ask));
  row(`    nothing new`, spread(still));
  for (let n = 0; n < REPEATED; n++) {
    await say(n * 7);
    told.push(await timed(ask));
  }
  row(`    a message in one of them`, spread(told));
};

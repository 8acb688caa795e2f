import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '@holm/homeserver/platform/clock';
import { MAX_PDUS_PER_TRANSACTION } from '@holm/spec/server-server/transactions';
import type { JsonObject } from '@holm/spec/json';
import { Rogue } from '../../src/rogue.ts';
import { RogueRoom } from '../../src/rogue-room.ts';
import { Client, type Person } from '../client.ts';
import { timed } from '../load.ts';
import { rate } from '../report.ts';
import { ServerProcess } from '../server-process.ts';
import { commits } from '../tables.ts';
import type { Table } from './table.ts';

const REMOTE = 'remote.localhost';
/** PostgreSQL counts behind what happens. */
const COUNTED_AFTER_MS = 1_500;

export interface IngestOptions {
  readonly folder: string;
  readonly databaseUrl: string;
  /** Events in each part. */
  readonly events: number;
  readonly rooms: number;
}

/** Another server, that does nothing but send what it has signed, in full transactions, the next after each answer. */
export const measureIngest = async (table: Table, options: IngestOptions): Promise<void> => {
  await using remote = await Rogue.start(REMOTE, systemClock);
  const server = await ServerProcess.start({
    folder: options.folder,
    database: options.databaseUrl,
    settings: { federation: { overrides: { [REMOTE]: remote.url } } },
  });
  try {
    const client = new Client(server.url, 4);
    const owner = await client.register('owner');
    const joined: RogueRoom[] = [];
    for (let i = 0; i < options.rooms; i++) joined.push(await join(remote, server, { client, owner }));
    // The compiler warms up.
    await send(table, joined.slice(0, 1), { ...options, events: 500 });
    for (const rooms of [joined.slice(0, 1), joined]) {
      await send(
        table,
        rooms,
        options,
        `events from another server, ${rooms.length === 1 ? '1 room' : `${rooms.length} rooms`}`,
      );
    }
    await client.close();
  } finally {
    await server.stop();
  }
};

const join = async (
  remote: Rogue,
  server: ServerProcess,
  { client, owner }: { readonly client: Client; readonly owner: Person },
): Promise<RogueRoom> => {
  const roomId = await client.createRoom(owner);
  return RogueRoom.join(remote, { name: server.name, url: server.url }, roomId);
};

/** All of it is signed beforehand. */
const send = async (
  table: Table,
  rooms: readonly RogueRoom[],
  { events, databaseUrl }: Pick<IngestOptions, 'events' | 'databaseUrl'>,
  what?: string,
): Promise<void> => {
  const [first] = rooms;
  if (!first) throw new Error('there is no room');
  const pdus = Array.from({ length: events }, (_, i): JsonObject => {
    const room = rooms[i % rooms.length] ?? first;
    room.last = room.event();
    return room.last.pdu;
  });
  await pause(COUNTED_AFTER_MS);
  const before = await commits(databaseUrl);
  const took = await timed(async () => {
    for (let at = 0; at < pdus.length; at += MAX_PDUS_PER_TRANSACTION) {
      const { status, body } = await first.rogue.push(first.server, pdus.slice(at, at + MAX_PDUS_PER_TRANSACTION));
      const refused = Object.values(body.pdus as object).filter((result: object) => 'error' in result);
      if (status !== 200 || refused.length > 0) throw new Error(`${status} ${JSON.stringify(body)}`);
    }
  });
  await pause(COUNTED_AFTER_MS);
  const asked = ((await commits(databaseUrl)) - before) / (events / MAX_PDUS_PER_TRANSACTION);
  if (what === undefined) return;
  table.add(what, rate(events / (took / 1000)));
  table.add(`    statements for a transaction of ${MAX_PDUS_PER_TRANSACTION}`, asked.toFixed(1));
};

import type { ServerName } from '@holm/spec/ids';
import type { Rogue } from '../../src/rogue.ts';
import { RogueRoom } from '../../src/rogue-room.ts';
import { Client } from '../client.ts';
import { timed } from '../load.ts';
import type { ServerProcess } from '../server-process.ts';
import { addHeld } from './held.ts';
import type { LargeRoom } from './large-room.ts';
import { type Table, time } from './table.ts';

export interface AnswersOptions {
  readonly resident: ServerProcess;
  readonly room: LargeRoom;
  /** A server that is in the room, and one that is not yet. */
  readonly rogues: { readonly inside: Rogue; readonly outside: Rogue };
}

/** What it takes to answer those who want to know everything about a large room, one after the other. */
export const measureLargeAnswers = async (table: Table, { resident, room, rogues }: AnswersOptions): Promise<void> => {
  const client = new Client(resident.url, 4);
  const { owner, roomId } = room;
  const path = `/rooms/${encodeURIComponent(roomId)}`;
  const { inside, outside } = rogues;
  const to = { name: resident.name as ServerName, url: resident.url };
  const joined = await RogueRoom.join(inside, to, roomId, { query: '?omit_members=true' });
  const stateUri = `/_matrix/federation/v1/state/${encodeURIComponent(roomId)}?event_id=${encodeURIComponent(joined.last.eventId)}`;
  const questions: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['another server joins, without omitting members', () => RogueRoom.join(outside, to, roomId)],
    ['another server asks for /state', () => inside.send(to, 'GET', stateUri)],
    ['another server asks for /state_ids', () => inside.send(to, 'GET', stateUri.replace('/state/', '/state_ids/'))],
    ['a client asks for /members', () => client.text('GET', `${path}/members`, owner)],
    ['a client asks for /joined_members', () => client.text('GET', `${path}/joined_members`, owner)],
    ['a client asks for /state', () => client.text('GET', `${path}/state`, owner)],
    ['a client syncs for the first time, all members', () => client.sync(owner, { detail: 'full' })],
    ['a client syncs for the first time, lazy members', () => client.sync(owner, { detail: 'lazy' })],
  ];
  for (const [what, ask] of questions) {
    const stop = await resident.watch();
    const took = await timed(ask);
    const held = await stop();
    table.add(what, time(took));
    addHeld(table, held);
  }
  await client.close();
};

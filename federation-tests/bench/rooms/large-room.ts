import type { Event } from '@holm/homeserver/core/events/event';
import { UserId } from '@holm/spec/ids';
import { MAX_PDUS_PER_TRANSACTION } from '@holm/spec/server-server/transactions';
import type { Rogue } from '../../src/rogue.ts';
import { RogueRoom } from '../../src/rogue-room.ts';
import { Client, type Person } from '../client.ts';
import type { ServerProcess } from '../server-process.ts';

export interface LargeRoom {
  readonly roomId: string;
  readonly owner: Person;
}

/** Joins that are signed here and pushed in full transactions: the resident server checks them like any others. */
export const buildLargeRoom = async (
  resident: ServerProcess,
  rogues: readonly Rogue[],
  members: number,
): Promise<LargeRoom> => {
  const [first] = rogues;
  if (!first) throw new Error('there is nobody to join');
  const client = new Client(resident.url, 2);
  const owner = await client.register('owner');
  const roomId = await client.createRoom(owner);
  await client.ask('PUT', `/rooms/${encodeURIComponent(roomId)}/state/m.room.name/`, {
    token: owner.token,
    body: { name: 'Large' },
  });
  const room = await RogueRoom.join(first, { name: resident.name, url: resident.url }, roomId);
  let batch: Event[] = [];
  // The owner and the first of the others are in it.
  for (let n = 2; n < members; n++) {
    const rogue = rogues[n % rogues.length] ?? first;
    room.last = joinOf(room, rogue, n);
    batch.push(room.last);
    if (batch.length < MAX_PDUS_PER_TRANSACTION && n < members - 1) continue;
    const { status, body } = await room.push(...batch);
    const refused = Object.values((body as { pdus: object }).pdus).filter((result: object) => 'error' in result);
    if (status !== 200 || refused.length > 0) throw new Error(`${status} ${JSON.stringify(refused[0] ?? body)}`);
    batch = [];
  }
  await client.close();
  return { roomId, owner };
};

const joinOf = (room: RogueRoom, rogue: Rogue, n: number): Event => {
  const user = UserId.parse(`@member${n}:${rogue.name}`);
  const authEvents = room.authEvents.filter(({ type }) => type !== 'm.room.member');
  return room.event(
    {
      type: 'm.room.member',
      sender: user,
      stateKey: user,
      content: { membership: 'join', displayname: `Member ${n}` },
      // Version 12 takes the create event from the room's id.
      authEvents: authEvents
        .filter(({ type }) => type !== 'm.room.create' || room.version.auth.createInAuthEvents)
        .map(({ eventId }) => eventId),
    },
    rogue.signer,
  );
};

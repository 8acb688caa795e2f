import type { RoomId, ServerName } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { PduReceiver, PduResult } from '../../federation/inbox/received.ts';
import type { RoomEngine } from '../engine.ts';
import type { Ingest } from './ingest.ts';
import type { JoinsUnderWay } from './joins.ts';
import type { Withdrawals } from './withdrawals.ts';

export interface ReceiverDeps extends Pick<RoomEngine, 'serverName' | 'rooms' | 'membersOf'> {
  readonly ingest: Pick<Ingest, 'receive'>;
  readonly withdrawals: Pick<Withdrawals, 'receive'>;
  readonly joins: Pick<JoinsUnderWay, 'over'>;
}

/** The door for events that other servers push. */
export const pduReceiver = ({
  serverName,
  rooms,
  membersOf,
  ingest,
  withdrawals,
  joins,
}: ReceiverDeps): PduReceiver => ({
  async receive(origin: ServerName, roomId: RoomId | undefined, pdus: readonly JsonObject[]) {
    // A create event that does not name its room founds it, and nobody founds a room in a room of ours.
    if (roomId === undefined) return new Map();
    await joins.over(roomId);
    const room = await rooms.byId(roomId);
    if (!room) return new Map();
    const isHere = room.head !== undefined && (await membersOf(room)).servers.has(serverName);
    const verdicts = isHere ? await ingest.receive(origin, roomId, pdus) : await withdrawals.receive(room, pdus);
    return new Map(
      [...verdicts].map(([id, verdict]): [string, PduResult] => [id, verdict.allowed ? {} : { error: verdict.reason }]),
    );
  },
});

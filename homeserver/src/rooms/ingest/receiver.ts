import type { RoomId, ServerName } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { PduReceiver, PduResult } from '../../federation/inbox/received.ts';
import type { Ingest } from './ingest.ts';

/** The door for events that other servers push. */
export const pduReceiver = (ingest: Pick<Ingest, 'receive'>): PduReceiver => ({
  async receive(origin: ServerName, roomId: RoomId | undefined, pdus: readonly JsonObject[]) {
    // A create event that does not name its room founds it, and nobody founds a room in a room of ours.
    if (roomId === undefined) return new Map();
    const verdicts = await ingest.receive(origin, roomId, pdus);
    return new Map(
      [...verdicts].map(([id, verdict]): [string, PduResult] => [id, verdict.allowed ? {} : { error: verdict.reason }]),
    );
  },
});

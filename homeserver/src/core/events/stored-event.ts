import type { EventId, RoomId } from '@holm/spec/ids';
import { parseJson } from '../json/parse.ts';
import type { RoomVersion } from '../rooms/room-version.ts';
import type { Event, Pdu } from './event.ts';
import { toEvent } from './to-event.ts';

/** An event read back from where we keep it: what has been checked once is not checked again. */
export const storedEvent = (eventId: EventId, roomId: RoomId, version: RoomVersion, text: string): Event => {
  const pdu: unknown = version.strictCanonicalJson ? JSON.parse(text) : parseJson(text, { strict: false });
  // The room id is the caller's object: one string for all events of a room.
  return { ...toEvent(pdu as Pdu, version, eventId), roomId };
};

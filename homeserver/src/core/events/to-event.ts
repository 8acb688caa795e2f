import { EventId, type RoomId, type UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { RoomVersion } from '../rooms/room-version.ts';
import type { Event, Pdu } from './event.ts';
import { referencedIds } from './hashes.ts';
import { redact } from './redact.ts';

/** Reads a PDU whose form has been checked, or which we built, as an event. */
export const toEvent = (pdu: Pdu, version: RoomVersion, eventId: EventId): Event => {
  const { room_id, state_key } = pdu;
  // The rules of the format let these ids be longer than their types allow, so that such events can be kept as rejected.
  const roomId = (typeof room_id === 'string' ? room_id : `!${eventId.slice(1)}`) as RoomId;
  return {
    eventId,
    roomId,
    version,
    pdu,
    type: pdu.type,
    sender: pdu.sender as UserId,
    stateKey: typeof state_key === 'string' ? state_key : undefined,
    content: pdu.content,
    // NOTSPEC: room versions 1-5 allow depths to 2^63 − 1. Deeper ones count as the deepest that can be told apart.
    depth: Math.min(pdu.depth, Number.MAX_SAFE_INTEGER),
    sentAt: pdu.origin_server_ts,
    prevEvents: referencedIds(pdu['prev_events'], version) ?? [],
    authEvents: authEventsOf(pdu, version, roomId),
    redacts: redactsOf(pdu, version),
  };
};

const authEventsOf = (pdu: Pdu, version: RoomVersion, roomId: RoomId): readonly EventId[] => {
  const listed = referencedIds(pdu['auth_events'], version) ?? [];
  if (version.auth.createInAuthEvents || pdu['room_id'] === undefined) return listed;
  const create = impliedCreate(roomId);
  return EventId.is(create) && !listed.includes(create) ? [create].concat(listed) : listed;
};

/** The create event that a room id names, in versions where it does. */
const impliedCreate = (roomId: RoomId): string => `$${roomId.slice(1)}`;

const redactsOf = (pdu: Pdu, version: RoomVersion): EventId | undefined => {
  if (pdu.type !== 'm.room.redaction') return undefined;
  const redacts = version.redactsKey === 'content' ? pdu.content['redacts'] : pdu['redacts'];
  return EventId.is(redacts) ? redacts : undefined;
};

/** The event as it is after its redaction, under the same id. */
export const redactEvent = ({ pdu, version, eventId }: Event): Event => toEvent(redact(pdu, version), version, eventId);

/** A PDU without what other servers may add in transit. */
export const withoutUnsigned = (pdu: JsonObject): JsonObject => {
  if (pdu['unsigned'] === undefined) return pdu;
  const { unsigned: _, ...rest } = pdu;
  return rest;
};

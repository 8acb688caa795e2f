import type { RoomId } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import { strippedState } from '../../core/events/client-format.ts';
import type { Event } from '../../core/events/event.ts';
import { isRefused, parsePdu, type Refused } from '../../core/events/parse-pdu.ts';
import type { RoomVersion } from '../../core/rooms/room-version.ts';

/** More than any server sends; the rest is cut off. */
const MAX_EVENTS = 50;
/** What is kept of it for a user, in characters: it is there for every first sync. */
const MAX_KEPT = 128 * 1024;

/** Prunes what another server tells of the room to what clients are meant to see of it. */
export const toStripped = (told: readonly Json[], own: Event): JsonObject[] => {
  let size = 0;
  const stripped = told.slice(0, MAX_EVENTS).flatMap((entry): JsonObject[] => {
    if (!isObject(entry) || !isObject(entry['content'])) return [];
    const { type, sender, state_key, content } = entry;
    if (typeof type !== 'string' || typeof sender !== 'string' || typeof state_key !== 'string') return [];
    if (type === own.type && state_key === own.stateKey) return [];
    const event = { type, sender, state_key, content };
    size += JSON.stringify(event).length;
    return size > MAX_KEPT ? [] : [event];
  });
  return [...stripped, strippedState(own)];
};

/**
 * Reads what an inviting server tells of the room as events of that room, in the versions that name rooms by their
 * create event: there the invited can see for themselves that they are told of the room that they are invited to. Other
 * versions may have it as older servers send it, unchecked.
 * https://spec.matrix.org/latest/server-server-api/#put_matrixfederationv2inviteroomideventid
 */
export const readTold = (told: readonly Json[], roomId: RoomId, version: RoomVersion): readonly Event[] | Refused => {
  if (version.roomIds !== 'create hash') return [];
  const events: Event[] = [];
  for (const entry of told.slice(0, MAX_EVENTS).filter(isSigned)) {
    const event = parsePdu(entry, version);
    if (isRefused(event)) return event;
    if (event.roomId !== roomId) return { refused: 'an event of another room' };
    events.push(event);
  }
  return events.some(({ type }) => type === 'm.room.create') ? events : { refused: 'no create event' };
};

/**
 * What a knocking user's server is told, as far as it can be read as events of that room; older servers send them
 * stripped, which only the versions that name rooms by their create event make us refuse.
 * https://spec.matrix.org/latest/server-server-api/#put_matrixfederationv1send_knockroomideventid
 */
export const readKnockState = (told: readonly Json[], roomId: RoomId, version: RoomVersion) => {
  const entries = told.slice(0, MAX_EVENTS);
  const events = entries.filter(isSigned).flatMap((entry): Event[] => {
    const event = parsePdu(entry, version);
    return isRefused(event) || event.roomId !== roomId ? [] : [event];
  });
  return { events, unproven: entries.filter((entry) => !isSigned(entry)) };
};

/** NOTSPEC: common servers send the create event as the PDU that it is, and the others stripped. These prove nothing. */
const isSigned = (entry: Json): boolean => !isObject(entry) || 'signatures' in entry || 'hashes' in entry;

/** The state that an invited or knocking user's server is told, as whole PDUs. */
export const TOLD_TYPES = [
  'm.room.create',
  'm.room.join_rules',
  'm.room.canonical_alias',
  'm.room.avatar',
  'm.room.name',
  'm.room.encryption',
  'm.room.topic',
] as const;

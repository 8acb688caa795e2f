import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import { strippedState } from '../../core/events/client-format.ts';
import type { Event } from '../../core/events/event.ts';
import { isRefused, parsePdu } from '../../core/events/parse-pdu.ts';
import type { RoomVersion } from '../../core/rooms/room-version.ts';

/** More than any server sends; the rest is cut off. */
const MAX_EVENTS = 50;

/** Prunes what an inviting server tells of the room to what clients are meant to see of it. */
export const toStripped = (told: readonly Json[], own: Event): JsonObject[] => {
  const stripped = told.slice(0, MAX_EVENTS).flatMap((entry): JsonObject[] => {
    if (!isObject(entry) || !isObject(entry['content'])) return [];
    const { type, sender, state_key, content } = entry;
    if (typeof type !== 'string' || typeof sender !== 'string' || typeof state_key !== 'string') return [];
    return type === own.type && state_key === own.stateKey ? [] : [{ type, sender, state_key, content }];
  });
  return [...stripped, strippedState(own)];
};

/**
 * Whether the create event that comes with an invite is the one that the room is named by. Versions that name rooms
 * otherwise have nothing to compare. https://spec.matrix.org/latest/server-server-api/#inviting-to-a-room (MSC4311)
 */
export const namesItsCreateEvent = (told: readonly Json[], roomId: string, version: RoomVersion): boolean => {
  if (version.roomIds !== 'create hash') return true;
  return told.some((entry) => {
    if (!isObject(entry) || entry['type'] !== 'm.room.create') return false;
    const create = parsePdu(entry, version);
    return !isRefused(create) && create.roomId === roomId;
  });
};

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

import { ServerName, UserId } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import type { RoomVersion } from '../rooms/room-version.ts';
import type { Pdu } from './event.ts';
import { referencedIds } from './hashes.ts';
import { MAX_AUTH_EVENTS, MAX_PREV_EVENTS, sizeOfId } from './limits.ts';

/** A rule of the event format: the words for a PDU that breaks it, or undefined. */
type Rule = (pdu: JsonObject, version: RoomVersion) => string | undefined;

const member =
  (name: string, holds: (value: Json | undefined, version: RoomVersion) => boolean, what: string): Rule =>
  (pdu, version) =>
    holds(pdu[name], version) ? undefined : `${name} is not ${what}`;

const isText = (value: Json | undefined): value is string => typeof value === 'string';

/** NOTSPEC: a NUL is allowed in JSON, but no database column holds one, ours and others' alike; nobody sends such events. */
const isStorable = (value: Json | undefined): value is string => isText(value) && !value.includes('\0');

const isSignatures = (value: Json | undefined): boolean =>
  isObject(value) && Object.values(value).every((by) => isObject(by) && Object.values(by).every(isText));

const isDepth = (value: Json | undefined, { maxDepth }: RoomVersion): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= maxDepth;

/** `$opaque:server`, in the versions in which servers name their events themselves. */
const isSuppliedEventId = (value: Json | undefined): boolean =>
  isStorable(value) &&
  value.startsWith('$') &&
  value.includes(':') &&
  ServerName.is(value.slice(value.indexOf(':') + 1));

/** Only the create event of a room named by that event's hash may go without: the hash is its room id. */
const roomIdRule: Rule = (pdu, version) => {
  const { type, room_id } = pdu;
  if (version.roomIds === 'create hash' && type === 'm.room.create' && room_id === undefined) return undefined;
  return isText(room_id) && /^![^\0]+$/.test(room_id) ? undefined : 'room_id is not a room ID';
};

const eventIdRule: Rule = (pdu, version) =>
  version.eventIds !== 'supplied' || isSuppliedEventId(pdu['event_id']) ? undefined : 'event_id is not an event ID';

const references = (name: 'prev_events' | 'auth_events'): Rule =>
  member(name, (value, version) => referencedIds(value, version) !== undefined, 'a list of events');

const FORMAT: readonly Rule[] = [
  member('type', isStorable, 'a text'),
  member('sender', (value) => isText(value) && isUserIdOfAnyLength(value), 'a user ID'),
  member('state_key', (value) => value === undefined || isStorable(value), 'a text'),
  member('content', isObject, 'an object'),
  member('depth', isDepth, 'an integer in range'),
  member('origin_server_ts', Number.isSafeInteger, 'an integer in range'),
  member('hashes', (value) => isObject(value) && isText(value['sha256']), 'an object with sha256'),
  member('signatures', isSignatures, 'an object of signatures'),
  roomIdRule,
  eventIdRule,
  references('prev_events'),
  references('auth_events'),
];

const isUserIdOfAnyLength = (value: string): boolean => {
  const colon = value.indexOf(':');
  return UserId.is(value) || (/^@[^\0]*$/.test(value) && UserId.is(`@${value.slice(colon)}`));
};

/** Why a PDU has not the form of its room version; undefined when it has. https://spec.matrix.org/latest/rooms/ */
export const formatFault = (pdu: JsonObject, version: RoomVersion): string | undefined => {
  for (const rule of FORMAT) {
    const fault = rule(pdu, version);
    if (fault !== undefined) return fault;
  }
  return undefined;
};

/** `formatFault` as a type guard, for those who have asked it. */
export const isPdu = (pdu: JsonObject, version: RoomVersion): pdu is Pdu => formatFault(pdu, version) === undefined;

const LIMITED = ['sender', 'room_id', 'state_key', 'type', 'event_id'] as const;

/** The worst that the limit of 255 has to say of a PDU's identifiers and keys. */
export const oversizeId = (pdu: JsonObject): { readonly name: string; readonly drop: boolean } | undefined => {
  let oversize: { readonly name: string; readonly drop: boolean } | undefined;
  for (const name of LIMITED) {
    const value = pdu[name];
    const size = isText(value) ? sizeOfId(value) : 'fits';
    if (size === 'too many code points') return { name, drop: true };
    if (size === 'too many bytes') oversize ??= { name, drop: false };
  }
  return oversize;
};

/** Too many references. Not asked of what `/backfill` returns, which may be older than the limits. */
export const referencesFault = (pdu: Pdu): string | undefined => {
  const { prev_events: prev, auth_events: auth } = pdu;
  if (Array.isArray(prev) && prev.length > MAX_PREV_EVENTS) return `more than ${MAX_PREV_EVENTS} prev_events`;
  if (Array.isArray(auth) && auth.length > MAX_AUTH_EVENTS) return `more than ${MAX_AUTH_EVENTS} auth_events`;
  return undefined;
};

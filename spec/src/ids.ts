import { isIPv6 } from './ip.ts';

declare const kind: unique symbol;

/** A string that has been checked against one identifier grammar, and no other. */
type Id<Kind extends string> = string & { readonly [kind]: Kind };

export type ServerName = Id<'ServerName'>;
export type UserId = Id<'UserId'>;
export type RoomId = Id<'RoomId'>;
export type RoomAlias = Id<'RoomAlias'>;
export type EventId = Id<'EventId'>;
export type DeviceId = Id<'DeviceId'>;
/** `ed25519:` and the version of a server's key. */
export type KeyId = Id<'KeyId'>;

export class InvalidIdError extends Error {
  override readonly name = 'InvalidIdError';
}

const MAX_BYTES = 255;
const encoder = new TextEncoder();

/** UTF-8 length; identifiers are limited in bytes. */
const fits = (raw: string): boolean =>
  raw.length <= MAX_BYTES && (raw.length <= MAX_BYTES / 3 || encoder.encode(raw).length <= MAX_BYTES);

const idType = <T extends string>(label: string, matches: (raw: string) => boolean) => {
  const is = (raw: unknown): raw is T => typeof raw === 'string' && fits(raw) && raw.isWellFormed() && matches(raw);
  const parse = (raw: string): T => {
    if (!is(raw)) throw new InvalidIdError(`not a ${label}: ${JSON.stringify(raw.slice(0, MAX_BYTES))}`);
    return raw;
  };
  return { is, parse };
};

// https://spec.matrix.org/latest/appendices/#server-name
const HOST = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|[A-Za-z0-9.-]{1,255})(?::(\d{1,5}))?$/;
const isServerName = (raw: string): boolean => {
  const match = HOST.exec(raw);
  if (!match) return false;
  const [, v6, port] = match;
  return (v6 === undefined || isIPv6(v6)) && (port === undefined || Number(port) <= 65_535);
};

/** Sigil, an opaque part, a colon and a server name. The server name itself may hold colons. */
const named = (sigil: string, opaque: RegExp) => (raw: string) => {
  const colon = raw.indexOf(':');
  return raw.startsWith(sigil) && colon > 0 && opaque.test(raw.slice(1, colon)) && isServerName(raw.slice(colon + 1));
};

export const ServerName = idType<ServerName>('server name', isServerName);
// Historical user ids may hold any character but a colon and NUL, even none at all; they must still be accepted.
export const UserId = idType<UserId>('user ID', named('@', /^[^:\0]*$/));
export const RoomAlias = idType<RoomAlias>('room alias', named('#', /^[^:\0]+$/));
// Room versions 12 and later have no server part, so there is no `serverOf(RoomId)` anywhere.
export const RoomId = idType<RoomId>('room ID', (raw) => /^![^\0]+$/.test(raw));
export const EventId = idType<EventId>('event ID', (raw) => /^\$[^\0]+$/.test(raw));
export const DeviceId = idType<DeviceId>('device ID', (raw) => raw.length > 0 && !raw.includes('\0'));
export const KeyId = idType<KeyId>('key ID', (raw) => /^ed25519:[A-Za-z0-9_]+$/.test(raw));

/** The server that an id of a user or alias belongs to. */
export const serverOf = (id: UserId | RoomAlias): ServerName => id.slice(id.indexOf(':') + 1) as ServerName;

/** The part between the sigil and the first colon. */
export const localpartOf = (id: UserId | RoomAlias): string => id.slice(1, id.indexOf(':'));

/** What a new account may be called: https://spec.matrix.org/latest/appendices/#user-identifiers */
export const isLocalpart = (raw: string): boolean => /^[a-z0-9._=\-/+]+$/.test(raw);

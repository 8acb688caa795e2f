import { EventId } from '@holm/spec/ids';
import { isObject, type JsonObject } from '@holm/spec/json';
import { canonicalMembers, canonicalJson, joinMembers, NotCanonicalError } from '../json/canonical.ts';
import type { RoomVersion } from '../rooms/room-version.ts';
import type { Event, Pdu } from './event.ts';
import { hashReference, numberRule } from './hashes.ts';
import { MAX_PDU_BYTES } from './limits.ts';
import { formatFault, isPdu, oversizeId, referencesFault } from './pdu-shape.ts';
import { redactContent } from './redact.ts';
import { toEvent, withoutUnsigned } from './to-event.ts';

/** What is not an event of the room version, and must be dropped. */
export interface Refused {
  readonly refused: string;
}

export const isRefused = (parsed: Event | Refused): parsed is Refused => 'refused' in parsed;

export interface ParseOptions {
  /** Whether to hold the event to the number of references; `/backfill` may bring older ones that exceed it. */
  readonly limitReferences?: boolean;
}

/**
 * Reads what another server sent as an event: the first of the checks on receipt of a PDU, and the event's id.
 * https://spec.matrix.org/latest/server-server-api/#checks-performed-on-receipt-of-a-pdu
 */
export const parsePdu = (raw: unknown, version: RoomVersion, options: ParseOptions = {}): Event | Refused => {
  if (!isObject(raw)) return { refused: 'not an object' };
  const pdu = withoutUnsigned(raw);
  if (!isPdu(pdu, version)) return { refused: formatFault(pdu, version) ?? 'malformed' };
  const fault = options.limitReferences === false ? undefined : referencesFault(pdu);
  return fault === undefined ? sized(pdu, version) : { refused: fault };
};

/** What is left of an event once its identifiers have been measured. */
const sized = (pdu: Pdu, version: RoomVersion): Event | Refused => {
  const oversize = oversizeId(pdu);
  if (!oversize) return identified(pdu, version);
  const reason = `${oversize.name} is too long`;
  if (oversize.drop || version.oversizeIds === 'drop') return { refused: reason };
  const event = identified(pdu, version);
  return isRefused(event) ? event : { ...event, rejection: reason };
};

const identified = (pdu: Pdu, version: RoomVersion): Event | Refused => {
  const members = membersOf(pdu, version);
  if (members instanceof NotCanonicalError) return { refused: members.message };
  const text = joinMembers(members, (_, member) => member);
  if (Buffer.byteLength(text) > MAX_PDU_BYTES) return { refused: `larger than ${MAX_PDU_BYTES} bytes` };
  return { ...toEvent(pdu, version, identify(pdu, members, version)), text };
};

const membersOf = (pdu: JsonObject, version: RoomVersion): Map<string, string> | NotCanonicalError => {
  try {
    return canonicalMembers(pdu, numberRule(version));
  } catch (error) {
    if (error instanceof NotCanonicalError) return error;
    throw error;
  }
};

const identify = (pdu: Pdu, members: ReadonlyMap<string, string>, version: RoomVersion): EventId =>
  version.eventIds === 'supplied'
    ? (pdu['event_id'] as EventId) // A rule of the format; it may be longer than the type allows.
    : EventId.parse(`$${hashReference(redactedText(pdu, members, version), version)}`);

/** `referenceText`, from the members that have already been written. */
export const redactedText = (
  { type, content }: Pick<Pdu, 'type' | 'content'>,
  members: ReadonlyMap<string, string>,
  version: RoomVersion,
): string => {
  const { topLevel } = version.redaction;
  const kept = redactContent(type, content, version.redaction);
  return joinMembers(members, (key, member) => {
    if (key === 'signatures' || !topLevel.has(key)) return undefined;
    return key === 'content' && kept !== content ? `"content":${canonicalJson(kept, numberRule(version))}` : member;
  });
};

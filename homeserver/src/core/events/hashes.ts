import type { EventId } from '@holm/spec/ids';
import { EventId as EventIds } from '@holm/spec/ids';
import { isObject, type JsonObject } from '@holm/spec/json';
import { decodeBase64 } from '../crypto/base64.ts';
import { sha256 } from '../crypto/hashes.ts';
import { signedText } from '../crypto/signing.ts';
import { canonicalJson, type NumberRule } from '../json/canonical.ts';
import type { RoomVersion } from '../rooms/room-version.ts';
import type { Event } from './event.ts';
import { redact } from './redact.ts';

export const numberRule = (version: RoomVersion): NumberRule => (version.strictCanonicalJson ? 'strict' : 'lenient');

/** https://spec.matrix.org/latest/server-server-api/#calculating-the-content-hash-for-an-event */
export const contentHash = (pdu: JsonObject, version: RoomVersion): string => {
  const { hashes: _, signatures: __, unsigned: ___, ...hashed } = pdu;
  return sha256(canonicalJson(hashed, numberRule(version)));
};

/** Whether an event is what its server hashed. If not, only its redacted form may be used. */
export const checkContentHash = ({ pdu, version }: Pick<Event, 'pdu' | 'version'>): boolean => {
  const claimed = decodeBase64(pdu.hashes.sha256);
  return claimed !== undefined && claimed.equals(Buffer.from(contentHash(pdu, version), 'base64'));
};

/**
 * What the signatures and the reference hash of an event cover: both survive its redaction.
 * https://spec.matrix.org/latest/server-server-api/#calculating-the-reference-hash-for-an-event
 */
export const referenceText = (pdu: JsonObject, version: RoomVersion): string =>
  signedText(redact(pdu, version), numberRule(version));

/** The reference hash, in the alphabet in which the version's event ids are written. */
export const referenceHash = (pdu: JsonObject, version: RoomVersion): string =>
  hashReference(referenceText(pdu, version), version);

export const hashReference = (text: string, version: RoomVersion): string =>
  sha256(text, version.eventIds === 'url-safe hash' ? 'base64url' : 'base64');

/** The id of an event; undefined where its server should have given one and has not. */
export const eventIdOf = (pdu: JsonObject, version: RoomVersion): EventId | undefined => {
  if (version.eventIds !== 'supplied') return EventIds.parse(`$${referenceHash(pdu, version)}`);
  const supplied = pdu['event_id'];
  return EventIds.is(supplied) ? supplied : undefined;
};

/** The ids that `prev_events` or `auth_events` refer to; undefined when the list has not the version's shape. */
export const referencedIds = (references: unknown, version: RoomVersion): readonly EventId[] | undefined => {
  if (!Array.isArray(references)) return undefined;
  // The PDU's own list: events are many, and each would have two lists more.
  if (version.eventReferences === 'ids') return references.every(EventIds.is) ? references : undefined;
  const ids = references.map(pairedReference);
  return ids.every((id) => id !== undefined) ? ids : undefined;
};

const plainReference = (reference: unknown): EventId | undefined => (EventIds.is(reference) ? reference : undefined);

const pairedReference = (reference: unknown): EventId | undefined =>
  Array.isArray(reference) && reference.length === 2 && isObject(reference[1])
    ? plainReference(reference[0])
    : undefined;

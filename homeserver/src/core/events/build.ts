import { EventId, type RoomId, type ServerName, type UserId } from '@holm/spec/ids';
import { MatrixError } from '@holm/spec/errors';
import type { JsonObject } from '@holm/spec/json';
import { sha256 } from '../crypto/hashes.ts';
import type { SigningKey } from '../crypto/keys.ts';
import { signText } from '../crypto/signing.ts';
import { canonicalMembers, joinMembers, NotCanonicalError } from '../json/canonical.ts';
import type { RoomVersion } from '../rooms/room-version.ts';
import type { Event, Pdu } from './event.ts';
import { type Stickiness, stickyMembers } from './sticky.ts';
import { hashReference, numberRule, referenceText } from './hashes.ts';
import { MAX_PDU_BYTES, sizeOfId } from './limits.ts';
import { redactedText, type Refused } from './parse-pdu.ts';
import { formatFault, isPdu } from './pdu-shape.ts';
import { toEvent } from './to-event.ts';

/** Who signs an event. */
export interface Signer {
  readonly server: ServerName;
  readonly key: SigningKey;
}

/** What an event is to say, before it is hashed and signed. */
export interface EventDraft {
  readonly version: RoomVersion;
  /** Absent for the create event of a room whose id is that event's hash. */
  readonly roomId?: RoomId | undefined;
  /** In room versions whose events are named by their servers, and only there. */
  readonly eventId?: EventId | undefined;
  readonly type: string;
  readonly sender: UserId;
  readonly stateKey?: string | undefined;
  readonly content: JsonObject;
  readonly prevEvents: readonly EventId[];
  /** May name the create event, too, where the room id implies it; it is then left out of the PDU. */
  readonly authEvents: readonly EventId[];
  readonly depth: number;
  readonly sentAt: number;
  readonly redacts?: EventId | undefined;
  /** For how long every member is sure to get it (MSC4354). */
  readonly sticky?: Stickiness | undefined;
}

/**
 * Hashes and signs a new event of ours. The draft's ids are known to be right; its type, state key and content come
 * from a client, so that `M_BAD_JSON` and `M_TOO_LARGE` are thrown for what no server would take.
 */
export const buildEvent = (draft: EventDraft, signer: Signer): Event => {
  const { type, stateKey = '', version } = draft;
  if (sizeOfId(type) !== 'fits') throw new MatrixError('M_TOO_LARGE', 'The event type is too long');
  if (sizeOfId(stateKey) !== 'fits') throw new MatrixError('M_TOO_LARGE', 'The state key is too long');
  try {
    return seal(protoPdu(draft), version, signer);
  } catch (error) {
    if (error instanceof NotCanonicalError) throw new MatrixError('M_BAD_JSON', error.message, { cause: error });
    if (error instanceof TooLargeError) throw new MatrixError('M_TOO_LARGE', error.message, { cause: error });
    throw error;
  }
};

/** The unsigned PDU of a draft, as `make_join` and its kin hand it to the server that will sign it. */
export const protoPdu = (draft: EventDraft): ProtoPdu => {
  const { version, roomId, eventId, stateKey, redacts } = draft;
  const content = withoutStaleAuthority(draft);
  const top = version.redactsKey === 'top level';
  return {
    // A list that has grown has room for 17 entries; its copy takes what it needs.
    auth_events: references(draft.authEvents.filter(isListed(version, roomId)).slice(), version),
    content: redacts === undefined || top ? content : { ...content, redacts },
    depth: Math.min(draft.depth, Number.MAX_SAFE_INTEGER),
    ...(eventId === undefined ? {} : { event_id: eventId }),
    origin_server_ts: draft.sentAt,
    prev_events: references(draft.prevEvents, version),
    ...(redacts === undefined || !top ? {} : { redacts }),
    ...(roomId === undefined ? {} : { room_id: roomId }),
    sender: draft.sender,
    ...(stateKey === undefined ? {} : { state_key: stateKey }),
    type: draft.type,
    ...stickyMembers(draft.sticky),
  };
};

/** A PDU that has neither been hashed nor signed. */
export interface ProtoPdu extends JsonObject {
  readonly type: string;
  readonly sender: string;
  readonly content: JsonObject;
  readonly depth: number;
  readonly origin_server_ts: number;
}

/**
 * Clients copy their member event's content when they change it. Who once let them in authorises nothing but that
 * join, and some servers would ask for that server's signature wherever the key stands.
 */
const withoutStaleAuthority = ({ type, content }: EventDraft): JsonObject => {
  if (type !== 'm.room.member' || content['membership'] === 'join') return content;
  if (content['join_authorised_via_users_server'] === undefined) return content;
  const { join_authorised_via_users_server: _, ...rest } = content;
  return rest;
};

const isListed =
  ({ auth }: RoomVersion, roomId: RoomId | undefined) =>
  (eventId: EventId): boolean =>
    auth.createInAuthEvents || roomId === undefined || eventId.slice(1) !== roomId.slice(1);

// The hashes beside the ids of room versions 1 and 2 may be left empty; that is what servers write today.
const references = (ids: readonly EventId[], { eventReferences }: RoomVersion): JsonObject[string] =>
  eventReferences === 'ids' ? ids : ids.map((id) => [id, {}]);

/** Hashes and signs the template of an event that another server proposed. What it had by way of hashes is dropped. */
export const signTemplate = (template: JsonObject, version: RoomVersion, signer: Signer): Event | Refused => {
  const { hashes: _, signatures: __, unsigned: ___, ...rest } = template;
  const proto = { ...rest, hashes: { sha256: '' }, signatures: {} };
  if (!isPdu(proto, version)) return { refused: formatFault(proto, version) ?? 'malformed' };
  try {
    return seal(rest as ProtoPdu, version, signer);
  } catch (error) {
    if (error instanceof NotCanonicalError || error instanceof TooLargeError) return { refused: error.message };
    throw error;
  }
};

class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

/** https://spec.matrix.org/latest/server-server-api/#adding-hashes-and-signatures-to-outgoing-events */
const seal = (proto: ProtoPdu, version: RoomVersion, { server, key }: Signer): Event => {
  // What is added to it has its place among the members from the beginning.
  const members = canonicalMembers({ ...proto, hashes: null, signatures: null }, numberRule(version));
  const hashes = { sha256: sha256(joinMembers(members, (key, member) => (isSeal(key) ? undefined : member))) };
  members.set('hashes', `"hashes":{"sha256":"${hashes.sha256}"}`);
  const covered = redactedText(proto, members, version);
  const signature = signText(covered, key);
  members.set('signatures', `"signatures":{"${server}":{"${key.keyId}":"${signature}"}}`);
  const text = joinMembers(members, (_, member) => member);
  if (Buffer.byteLength(text) > MAX_PDU_BYTES) throw new TooLargeError(`larger than ${MAX_PDU_BYTES} bytes`);
  const pdu: Pdu = { ...proto, hashes, signatures: { [server]: { [key.keyId]: signature } } };
  return { ...toEvent(pdu, version, idOf(proto, covered, version)), text };
};

const isSeal = (key: string): boolean => key === 'hashes' || key === 'signatures';

const idOf = (proto: JsonObject, covered: string, version: RoomVersion): EventId =>
  version.eventIds === 'supplied'
    ? EventId.parse(typeof proto['event_id'] === 'string' ? proto['event_id'] : '')
    : EventId.parse(`$${hashReference(covered, version)}`);

/** The event with our signature beside those that it has: an invite to our user, or a join that we authorise. */
export const addSignature = (event: Event, { server, key }: Signer): Event => {
  const { pdu, version } = event;
  const { signatures } = pdu;
  const signature = signText(referenceText(pdu, version), key);
  const signed = { ...signatures, [server]: { ...signatures[server], [key.keyId]: signature } };
  return { ...event, pdu: { ...pdu, signatures: signed }, text: undefined };
};

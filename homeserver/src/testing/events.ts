import { EventId, RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { AuthState } from '../core/auth/auth-state.ts';
import { stateToAuthorise } from '../core/auth/selection.ts';
import type { Event, Pdu } from '../core/events/event.ts';
import type { RoomVersion } from '../core/rooms/room-version.ts';
import { roomVersion } from '../core/rooms/room-version.ts';

export interface EventFields {
  readonly type: string;
  readonly sender: string;
  readonly stateKey?: string;
  readonly content?: JsonObject;
  readonly eventId?: string;
  readonly roomId?: string;
  readonly depth?: number;
  readonly sentAt?: number;
  readonly prevEvents?: readonly string[];
  readonly authEvents?: readonly string[];
  readonly redacts?: string;
  /** Members of the PDU that the other fields do not give. */
  readonly pdu?: JsonObject;
}

/** An event without real hashes and signatures, for rules that look at neither. */
export const testEvent = (version: RoomVersion, fields: EventFields): Event => {
  const { type, stateKey, content = {}, depth = 1, sentAt = 0 } = fields;
  const event = {
    eventId: EventId.parse(fields.eventId ?? '$event:a.test'),
    roomId: RoomId.parse(fields.roomId ?? '!room:a.test'),
    version,
    type,
    sender: UserId.parse(fields.sender),
    stateKey,
    content,
    depth,
    sentAt,
    prevEvents: idsOf(fields.prevEvents),
    authEvents: idsOf(fields.authEvents),
    redacts: fields.redacts === undefined ? undefined : EventId.parse(fields.redacts),
  };
  return { ...event, pdu: testPdu(event, fields.pdu) };
};

const idsOf = (ids: readonly string[] = []): readonly EventId[] => ids.map(EventId.parse);

const testPdu = (event: Omit<Event, 'pdu'>, more: JsonObject | undefined): Pdu => ({
  type: event.type,
  sender: event.sender,
  content: event.content,
  depth: event.depth,
  origin_server_ts: event.sentAt,
  hashes: { sha256: '' },
  signatures: {},
  prev_events: event.prevEvents,
  auth_events: event.authEvents,
  ...(event.type === 'm.room.create' && event.version.roomIds === 'create hash' ? {} : { room_id: event.roomId }),
  ...(event.stateKey === undefined ? {} : { state_key: event.stateKey }),
  ...more,
});

export interface TestRoom {
  readonly version: RoomVersion;
  readonly roomId: string;
  readonly create: Event;
  /** The state as of now. */
  readonly state: AuthState;
  /** An event that follows the last one, with the auth events that the state has for it. Changes nothing. */
  readonly event: (fields: EventFields) => Event;
  /** The same, and it becomes part of the state if it is state. */
  readonly put: (fields: EventFields) => Event;
  /** `put` of a membership that the member (or somebody else) sends. */
  readonly member: (user: string, membership: string, sender?: string) => Event;
}

export interface TestRoomOptions {
  readonly creator?: string;
  /** More content of the create event. */
  readonly content?: JsonObject;
}

/** A room of a version, holding its create event and whatever is put into it. Nothing is checked. */
export const testRoom = (versionId: string, options: TestRoomOptions = {}): TestRoom => {
  const version = roomVersion(versionId);
  if (version === undefined) throw new Error(`no room version ${versionId}`);
  const creator = options.creator ?? '@alice:a.test';
  const roomId = version.roomIds === 'create hash' ? '!create' : '!room:a.test';
  const current = new Map<string, Event>();
  const keyOf = (type: string, stateKey: string) => JSON.stringify([type, stateKey]);
  const state: AuthState = (type, stateKey) => current.get(keyOf(type, stateKey));
  let last: Event | undefined;
  let count = 0;

  const event = (fields: EventFields): Event => {
    const draft = { ...fields, stateKey: fields.stateKey, content: fields.content ?? {} };
    const authEvents = stateToAuthorise(version, draft).flatMap(([type, key]) => state(type, key)?.eventId ?? []);
    const implied = version.auth.createInAuthEvents ? undefined : state('m.room.create', '')?.eventId;
    return testEvent(version, {
      eventId: `$${fields.type === 'm.room.create' ? 'create' : `event${count}`}${version.eventIds === 'supplied' ? ':a.test' : ''}`,
      roomId,
      depth: (last?.depth ?? 0) + 1,
      prevEvents: last === undefined ? [] : [last.eventId],
      authEvents,
      pdu: { auth_events: authEvents.filter((id) => id !== implied) },
      ...fields,
    });
  };
  const put = (fields: EventFields): Event => {
    last = event(fields);
    count += 1;
    if (last.stateKey !== undefined) current.set(keyOf(last.type, last.stateKey), last);
    return last;
  };
  const create = put({
    type: 'm.room.create',
    sender: creator,
    stateKey: '',
    content: {
      room_version: versionId,
      ...(version.auth.creator === 'content' ? { creator } : {}),
      ...options.content,
    },
  });
  const member = (user: string, membership: string, sender = user): Event =>
    put({ type: 'm.room.member', sender, stateKey: user, content: { membership } });
  return { version, roomId, create, state, event, put, member };
};

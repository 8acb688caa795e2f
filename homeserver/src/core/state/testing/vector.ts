/** A resolution as a file: what goes in, and what the specification makes of it. */
import type { EventId, RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Event, Pdu } from '../../events/event.ts';
import { roomVersion } from '../../rooms/room-version.ts';
import { fromStateKey, stateKey, type StateKeyString } from '../state-key.ts';
import { Chains } from './chains-oracle.ts';
import type { Evidence } from './mismatch.ts';
import type { Reading, RoomState } from './state-sets.ts';

/** State as triples of type, state key and event id. */
type Entries = readonly (readonly [type: string, stateKey: string, eventId: string])[];

interface VectorEvent {
  readonly event_id: string;
  readonly type: string;
  readonly state_key: string;
  readonly sender: string;
  readonly content: JsonObject;
  readonly depth: number;
  readonly origin_server_ts: number;
  readonly prev_events: readonly string[];
  readonly auth_events: readonly string[];
}

export interface Vector {
  readonly comment: string;
  readonly reading: Reading;
  readonly room_version: string;
  readonly room_id: string;
  /** Auth events before those that name them. Where the room id implies the create event, `auth_events` names it too. */
  readonly events: readonly VectorEvent[];
  readonly states: readonly Entries[];
  /** Events that were rejected all the same: as auth events they do not count. */
  readonly rejected: readonly string[];
  readonly resolved: Entries;
}

/** Keeps what the resolution needs: the events in the states and in their auth chains. */
export const toVector = ({ reading, sets, events, rejected, expected }: Evidence, comment: string): Vector => {
  const inStates = new Set(sets.flatMap((set) => [...set.values()]));
  const needed = new Set([...inStates, ...new Chains(events).ofAll(inStates)]);
  const chosen = [...events.values()].filter(({ eventId }) => needed.has(eventId));
  return {
    comment,
    reading,
    room_version: chosen[0]?.version.id ?? '',
    room_id: chosen[0]?.roomId ?? '',
    events: chosen.map((event) => ({
      event_id: event.eventId,
      type: event.type,
      state_key: event.stateKey ?? '',
      sender: event.sender,
      content: event.content,
      depth: event.depth,
      origin_server_ts: event.sentAt,
      prev_events: event.prevEvents,
      auth_events: event.authEvents,
    })),
    states: sets.map(entriesOf),
    rejected: [...rejected].filter((id) => needed.has(id)),
    resolved: entriesOf(expected),
  };
};

/** One line an event, one a state: for people to read, and for diffs. */
export const vectorText = (vector: Vector): string => {
  const list = (entries: readonly unknown[]) => `[\n  ${entries.map((one) => JSON.stringify(one)).join(',\n  ')}\n ]`;
  const members = Object.entries(vector).map(([name, value]: [string, unknown]) => {
    const isList = Array.isArray(value) && (name === 'events' || name === 'states');
    return ` "${name}": ${isList ? list(value) : JSON.stringify(value)}`;
  });
  return `{\n${members.join(',\n')}\n}\n`;
};

const entriesOf = (state: RoomState): Entries =>
  [...state].map(([key, id]) => [...fromStateKey(key), id] as const).sort(([a, b], [c, d]) => (a + b < c + d ? -1 : 1));

export const fromVector = (vector: Vector): Evidence => {
  const version = roomVersion(vector.room_version);
  if (version === undefined) throw new Error(`no room version ${vector.room_version}`);
  const events = vector.events.map((event): Event => ({
    eventId: event.event_id as EventId,
    roomId: vector.room_id as RoomId,
    version,
    pdu: {} as Pdu,
    type: event.type,
    sender: event.sender as UserId,
    stateKey: event.state_key,
    content: event.content,
    depth: event.depth,
    sentAt: event.origin_server_ts,
    prevEvents: event.prev_events as readonly EventId[],
    authEvents: event.auth_events as readonly EventId[],
    redacts: undefined,
  }));
  return {
    events: new Map(events.map((event) => [event.eventId, event])),
    reading: vector.reading,
    rejected: new Set(vector.rejected as readonly EventId[]),
    sets: vector.states.map(stateFrom),
    expected: stateFrom(vector.resolved),
  };
};

const stateFrom = (entries: Entries): RoomState =>
  new Map(entries.map(([type, key, id]): [StateKeyString, EventId] => [stateKey(type, key), id as EventId]));

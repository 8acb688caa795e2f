import { buildEvent, type EventDraft } from '@holm/homeserver/core/events/build';
import type { Event } from '@holm/homeserver/core/events/event';
import { isRefused, parsePdu } from '@holm/homeserver/core/events/parse-pdu';
import { roomVersion, type RoomVersion } from '@holm/homeserver/core/rooms/room-version';
import { EventId, RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Rogue } from './rogue.ts';

/** What a rogue says of a room to somebody who joins it. */
export interface Entrance {
  readonly roomId: string;
  readonly version: RoomVersion;
  /** The state before the join. */
  readonly state: readonly Event[];
  /** What the join follows. */
  readonly last: Event;
}

type JoinAnswer = Readonly<Record<string, unknown>>;

const federation = '/_matrix/federation';
let count = 0;

/** A room that a rogue has made, all by itself. */
export const rogueRoomOf = (rogue: Rogue, versionId: string): Entrance => {
  const version = roomVersion(versionId)!;
  const roomId = RoomId.parse(`!made${count++}:${rogue.name}`);
  const sender = UserId.parse(`@mallory:${rogue.name}`);
  const state: Event[] = [];
  const add = (type: string, stateKey: string, content: JsonObject): void => {
    const draft: EventDraft = {
      version,
      roomId,
      ...(version.eventIds === 'supplied' && { eventId: EventId.parse(`$made${count++}:${rogue.name}`) }),
      type,
      stateKey,
      sender,
      content,
      prevEvents: state.slice(-1).map(({ eventId }) => eventId),
      authEvents: state.map(({ eventId }) => eventId).slice(0, 3),
      depth: state.length + 1,
      sentAt: 1_700_000_000_000,
    };
    state.push(buildEvent(draft, rogue.signer));
  };
  add('m.room.create', '', { creator: sender, room_version: versionId });
  add('m.room.member', sender, { membership: 'join' });
  add('m.room.power_levels', '', { users: { [sender]: 100 } });
  add('m.room.join_rules', '', { join_rule: 'public' });
  return { roomId, version, state, last: state.at(-1)! };
};

/** Lets people into a room, as a server in the room does. `change` is what it says differently, knowing the join. */
export const openDoor = (
  rogue: Rogue,
  { roomId, version, state, last }: Entrance,
  change: (join: Event) => JoinAnswer = () => ({}),
): void => {
  rogue.answers.set(`${federation}/v1/make_join/`, (uri) => {
    const user = decodeURIComponent(uri.split('?')[0]!.split('/').at(-1)!);
    const references = (events: readonly Event[]) =>
      events.map(({ eventId }) => (version.eventIds === 'supplied' ? [eventId, { sha256: 'x' }] : eventId));
    const authority = ['m.room.create', 'm.room.power_levels', 'm.room.join_rules'];
    const event = {
      type: 'm.room.member',
      room_id: roomId,
      sender: user,
      state_key: user,
      content: { membership: 'join' },
      prev_events: references([last]),
      auth_events: references(state.filter(({ type }) => authority.includes(type))),
      depth: last.depth + 1,
    };
    return { status: 200, body: { room_version: version.id, event } as JsonObject };
  });
  rogue.answers.set(`${federation}/v2/send_join/`, (_, sent) => {
    const join = parsePdu(sent, version);
    if (isRefused(join)) return { status: 400, body: { errcode: 'M_BAD_JSON', error: join.refused } };
    const pdus = state.map(({ pdu }) => pdu);
    const answer = { origin: rogue.name, event: join.pdu, state: pdus, auth_chain: pdus, members_omitted: false };
    return { status: 200, body: { ...answer, ...change(join) } as JsonObject };
  });
};

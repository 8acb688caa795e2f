import { sha256 } from '@holm/homeserver/core/crypto/hashes';
import { signText } from '@holm/homeserver/core/crypto/signing';
import { buildEvent, type EventDraft, type Signer, signTemplate } from '@holm/homeserver/core/events/build';
import type { Event } from '@holm/homeserver/core/events/event';
import { referenceText } from '@holm/homeserver/core/events/hashes';
import { isRefused, parsePdu } from '@holm/homeserver/core/events/parse-pdu';
import { canonicalJson } from '@holm/homeserver/core/json/canonical';
import { roomVersion, type RoomVersion } from '@holm/homeserver/core/rooms/room-version';
import { EventId, type RoomId, UserId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';
import type { Answer } from './http.ts';
import type { Addressed, Rogue } from './rogue.ts';

const AUTHORITY = ['m.room.create', 'm.room.power_levels', 'm.room.join_rules'];
const federation = '/_matrix/federation';

/** Everything that is ever made has its own number. */
let count = 0;

/** A room as a rogue sees it that has properly joined it, and what it can write there. */
export class RogueRoom {
  readonly rogue: Rogue;
  readonly server: Addressed;
  readonly roomId: RoomId;
  readonly version: RoomVersion;
  readonly user: UserId;
  /** What its events take their authority from. */
  readonly authEvents: readonly Event[];
  /** What the server said to the join. */
  readonly answer: Answer['body'];
  /** The newest event that it knows. */
  last: Event;

  private constructor(
    room: Pick<RogueRoom, 'rogue' | 'server' | 'roomId' | 'version' | 'user' | 'authEvents' | 'answer' | 'last'>,
  ) {
    this.rogue = room.rogue;
    this.server = room.server;
    this.roomId = room.roomId;
    this.version = room.version;
    this.user = room.user;
    this.authEvents = room.authEvents;
    this.answer = room.answer;
    this.last = room.last;
  }

  /**
   * `query`: what it asks for besides, such as `?omit_members=true`. `meanwhile`: what happens after the join has been
   * proposed and before it is sent.
   */
  static async join(
    rogue: Rogue,
    server: Addressed,
    room: string,
    { query = '', meanwhile }: { readonly query?: string; readonly meanwhile?: () => Promise<unknown> } = {},
  ): Promise<RogueRoom> {
    const user = UserId.parse(`@mallory:${rogue.name}`);
    const versions = Array.from({ length: 12 }, (_, index) => `ver=${index + 1}`).join('&');
    const path = `${encodeURIComponent(room)}/${encodeURIComponent(user)}?${versions}`;
    const template = okay(await rogue.send(server, 'GET', `${federation}/v1/make_join/${path}`));
    const version = roomVersion(template.room_version)!;
    const named = version.eventIds === 'supplied' ? { event_id: `$join${count++}:${rogue.name}` } : {};
    const join = signTemplate({ ...template.event, ...named }, version, rogue.signer);
    if (isRefused(join)) throw new Error(join.refused);
    await meanwhile?.();
    const answer = okay(await rogue.send(server, 'PUT', joinPath(room, join.eventId) + query, join.pdu));
    const events = (answer.state as Json[])
      .map((pdu) => parsePdu(pdu, version))
      .filter((event): event is Event => !isRefused(event));
    const authEvents = [...events.filter(({ type }) => AUTHORITY.includes(type)), join];
    return new RogueRoom({ rogue, server, roomId: room as RoomId, version, user, authEvents, answer, last: join });
  }

  /** An event as it should be, but for what is asked for. */
  event(wish: Partial<EventDraft> = {}, signer: Signer = this.rogue.signer): Event {
    const authEvents = this.authEvents.filter(({ type }) => type !== 'm.room.join_rules');
    return buildEvent(
      {
        version: this.version,
        roomId: this.roomId,
        ...(this.version.eventIds === 'supplied' && { eventId: EventId.parse(`$${count++}:${this.rogue.name}`) }),
        type: 'm.room.message',
        sender: this.user,
        content: { msgtype: 'm.text', body: `evil ${count++}` },
        prevEvents: [this.last.eventId],
        authEvents: authEvents.map(({ eventId }) => eventId),
        depth: this.last.depth + 1,
        sentAt: 1_700_000_000_000,
        ...wish,
      },
      signer,
    );
  }

  push(...events: readonly (Event | JsonObject)[]): Promise<Answer> {
    return this.rogue.push(
      this.server,
      events.map((event) => ('pdu' in event ? (event as Event).pdu : event)),
    );
  }
}

const joinPath = (room: string, eventId: string): string =>
  `${federation}/v2/send_join/${encodeURIComponent(room)}/${encodeURIComponent(eventId)}`;

const okay = ({ status, body }: Answer): Answer['body'] => {
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body;
};

/** Hashes and signs a changed PDU however little it is an event. */
export const resealed = (
  pdu: JsonObject,
  change: JsonObject,
  { version, signer }: { version: RoomVersion; signer: Signer },
): JsonObject => {
  const { hashes: _, signatures: __, ...rest } = { ...pdu, ...change };
  const hashed = { ...rest, hashes: { sha256: sha256(canonicalJson(rest, 'lenient')) } };
  const text = referenceText({ ...hashed, signatures: {} }, { ...version, strictCanonicalJson: false });
  return { ...hashed, signatures: { [signer.server]: { [signer.key.keyId]: signText(text, signer.key) } } };
};

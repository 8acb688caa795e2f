import { MatrixError } from '@holm/spec/errors';
import { type EventId, type RoomId, RoomId as RoomIds, type ServerName, serverOf, UserId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';
import { addSignature, type Signer } from '../../core/events/build.ts';
import { membershipOf } from '../../core/events/content.ts';
import type { Event } from '../../core/events/event.ts';
import type { Membership } from '../../core/events/membership.ts';
import { isRefused, parsePdu } from '../../core/events/parse-pdu.ts';
import { roomVersion } from '../../core/rooms/room-version.ts';
import type { EventVerifier } from '../../rooms/ingest/ports.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { IngestEngine } from '../../rooms/ingest/create-ingest.ts';
import { admissionOf } from '../../rooms/members/restricted.ts';
import type { OutsideMemberships } from '../../rooms/members/outside.ts';
import type { Head, StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import { namesItsCreateEvent, toStripped } from './stripped-state.ts';

export interface IncomingDeps {
  readonly engine: RoomEngine;
  readonly ingest: Pick<IngestEngine, 'ingest' | 'admission'>;
  readonly outside: OutsideMemberships;
  readonly verifier: EventVerifier;
  readonly signer: Signer;
  readonly users: { exists(user: UserId): Promise<boolean> };
}

type JoinedRoom = Room & { readonly head: Head };

export interface Proposal {
  readonly room_version: string;
  readonly event: JsonObject;
}

export interface InviteRequest {
  readonly roomId: RoomId;
  readonly eventId: EventId;
  readonly versionId: string;
  readonly event: unknown;
  readonly told: readonly Json[];
}

/** Memberships that other servers ask us to agree to, for their users or for ours. */
export class IncomingMembership {
  readonly #deps: IncomingDeps;

  constructor(deps: IncomingDeps) {
    this.#deps = deps;
  }

  async makeJoin(origin: ServerName, roomId: RoomId, user: UserId, versions: readonly string[]): Promise<Proposal> {
    const room = await this.#room(origin, roomId);
    checkOwnUser(origin, user);
    if (!versions.includes(room.version.id)) {
      throw new MatrixError('M_INCOMPATIBLE_ROOM_VERSION', `the room has version ${room.version.id}`, {
        extra: { room_version: room.version.id },
      });
    }
    return this.#propose(room, user, { membership: 'join', ...(await this.#authorisation(room, user)) });
  }

  async makeLeave(origin: ServerName, roomId: RoomId, user: UserId): Promise<Proposal> {
    const room = await this.#room(origin, roomId);
    checkOwnUser(origin, user);
    return this.#propose(room, user, { membership: 'leave' });
  }

  /** Takes in a join; resolves to it as it stands now, with its place in the room. */
  async sendJoin(origin: ServerName, roomId: RoomId, eventId: EventId, raw: unknown): Promise<StoredEvent> {
    const room = await this.#room(origin, roomId);
    const event = this.#parse(raw, room, { origin, eventId, membership: 'join' });
    const by = event.content['join_authorised_via_users_server'];
    if (!UserId.is(by) || serverOf(by) !== this.#deps.engine.serverName) return this.#take(origin, room, event);
    // Our signature says that we have checked the conditions, so they are checked now, not when it was proposed.
    await this.#authorisation(room, event.sender);
    return this.#take(origin, room, addSignature(event, this.#deps.signer));
  }

  async sendLeave(origin: ServerName, roomId: RoomId, eventId: EventId, raw: unknown): Promise<void> {
    const room = await this.#room(origin, roomId);
    await this.#take(origin, room, this.#parse(raw, room, { origin, eventId, membership: 'leave' }));
  }

  /** An invite of one of our users: signed, kept, and shown to them. */
  async invite(origin: ServerName, request: InviteRequest): Promise<Event> {
    const { engine, verifier, outside, signer, users } = this.#deps;
    const version = roomVersion(request.versionId);
    if (!version) {
      throw new MatrixError('M_INCOMPATIBLE_ROOM_VERSION', `room version ${request.versionId} is not supported here`, {
        extra: { room_version: request.versionId },
      });
    }
    const event = parsePdu(request.event, version);
    if (isRefused(event)) throw new MatrixError('M_BAD_JSON', `this is no invite: ${event.refused}`);
    const invited = checkInvite(origin, event, request);
    if (serverOf(invited) !== engine.serverName || !(await users.exists(invited))) {
      throw new MatrixError('M_NOT_FOUND', 'there is no such user here');
    }
    if (!namesItsCreateEvent(request.told, request.roomId, version)) {
      throw new MatrixError('M_MISSING_PARAM', 'invite_room_state lacks the create event of this room');
    }
    const verdict = (await verifier.verifyEvents([event])).get(event.eventId);
    if (!verdict?.allowed) throw new MatrixError('M_FORBIDDEN', verdict?.reason ?? 'the signatures were not checked');
    const room = await engine.rooms.byId(request.roomId);
    if (room?.head && !(await this.#deps.ingest.ingest.isAllowed(room, origin))) {
      throw new MatrixError('M_FORBIDDEN', 'the room denies your server');
    }
    const signed = addSignature(event, signer);
    const { servers } = room?.head ? await room.members.load(engine.serverName) : { servers: new Map() };
    // Where we are in the room, the invite comes by the room's own way, and is shown from there.
    if (!servers.has(engine.serverName)) {
      await outside.put(invited, signed, { stripped: toStripped(request.told, signed), via: [origin] });
    }
    return signed;
  }

  async #propose(room: JoinedRoom, user: UserId, content: JsonObject): Promise<Proposal> {
    const draft = { sender: user, type: 'm.room.member', stateKey: user, content };
    const { hashes: _, signatures: __, ...event } = (await this.#deps.engine.sender.propose(room.roomId, draft)).pdu;
    return { room_version: room.version.id, event };
  }

  /** Who of our users lets somebody into a restricted room; nothing where nobody has to. */
  async #authorisation(room: JoinedRoom, user: UserId): Promise<JsonObject> {
    const { engine } = this.#deps;
    const isJoined = async (userId: UserId, roomId: RoomId): Promise<boolean | undefined> => {
      const other = RoomIds.is(roomId) ? await engine.rooms.byId(roomId) : undefined;
      return other?.head && (await engine.userRooms.of(userId)).get(other.nid)?.membership === 'join';
    };
    const admission = await admissionOf({ states: engine.states, serverName: engine.serverName, isJoined }, room, user);
    if (admission.kind === 'as any other') return {};
    if (admission.kind === 'refused') {
      throw new MatrixError(
        'M_UNABLE_TO_AUTHORISE_JOIN',
        'the user is in none of the rooms whose members may join, as far as we know',
      );
    }
    if (admission.by === undefined) {
      throw new MatrixError('M_UNABLE_TO_GRANT_JOIN', 'nobody on this server may let the user in');
    }
    return { join_authorised_via_users_server: admission.by };
  }

  #parse(
    raw: unknown,
    room: JoinedRoom,
    { origin, eventId, membership }: { origin: ServerName; eventId: EventId; membership: Membership },
  ): Event {
    const event = parsePdu(raw, room.version);
    if (isRefused(event))
      throw new MatrixError('M_BAD_JSON', `this is no event of room version ${room.version.id}: ${event.refused}`);
    const problem = faultOf(event, { room, eventId, membership });
    if (problem !== undefined) throw new MatrixError('M_INVALID_PARAM', problem);
    if (serverOf(event.sender) !== origin)
      throw new MatrixError('M_FORBIDDEN', 'the event is of another server than yours');
    return event;
  }

  async #take(origin: ServerName, room: JoinedRoom, parsed: Event): Promise<StoredEvent> {
    const { ingest, engine } = this.#deps;
    const { events, refused } = await ingest.admission.admit(room, [parsed.pdu]);
    const [event] = events;
    if (!event) throw new MatrixError('M_FORBIDDEN', refused.get(parsed.eventId) ?? 'the event is malformed');
    const verdict = (await ingest.ingest.take(origin, room, [event], { forward: true })).get(event.eventId);
    if (!verdict?.allowed) throw new MatrixError('M_FORBIDDEN', verdict?.reason ?? 'the event was not taken in');
    const stored = await engine.events.byId(event.eventId);
    if (!stored) throw new Error(`the event ${event.eventId} was taken in and is gone`);
    return stored;
  }

  /** A room that we are in and that does not deny the asking server. */
  async #room(origin: ServerName, roomId: RoomId): Promise<JoinedRoom> {
    const { engine, ingest } = this.#deps;
    const room = await engine.rooms.joined(roomId);
    const { servers } = await room.members.load(engine.serverName);
    if (!servers.has(engine.serverName)) throw new MatrixError('M_NOT_FOUND', 'this server is not in that room');
    if (!(await ingest.ingest.isAllowed(room, origin)))
      throw new MatrixError('M_FORBIDDEN', 'the room denies your server');
    return room;
  }
}

const checkOwnUser = (origin: ServerName, user: UserId): void => {
  if (serverOf(user) !== origin) throw new MatrixError('M_FORBIDDEN', 'the user is of another server than yours');
};

/** https://spec.matrix.org/latest/server-server-api/#put_matrixfederationv2send_joinroomideventid */
const faultOf = (
  event: Event,
  { room, eventId, membership }: { room: JoinedRoom; eventId: EventId; membership: Membership },
): string | undefined => {
  if (event.eventId !== eventId) return 'the event id in the path is not that of the event';
  if (event.roomId !== room.roomId) return 'the event is of another room';
  if (membershipOf(event) !== membership) return `the event's membership is not ${membership}`;
  return event.stateKey === event.sender ? undefined : 'the state key is not the sender';
};

const checkInvite = (origin: ServerName, event: Event, { roomId, eventId }: InviteRequest): UserId => {
  if (event.roomId !== roomId || event.eventId !== eventId) {
    throw new MatrixError('M_INVALID_PARAM', 'the event is not the one that the path names');
  }
  if (membershipOf(event) !== 'invite' || !UserId.is(event.stateKey)) {
    throw new MatrixError('M_INVALID_PARAM', 'the event is not an invite');
  }
  if (serverOf(event.sender) !== origin)
    throw new MatrixError('M_FORBIDDEN', 'the inviter is of another server than yours');
  return event.stateKey;
};

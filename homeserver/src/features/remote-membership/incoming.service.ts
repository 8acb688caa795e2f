import { MatrixError } from '@holm/spec/errors';
import { type EventId, type RoomId, RoomId as RoomIds, type ServerName, serverOf, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { addSignature, type Signer } from '../../core/events/build.ts';
import { membershipOf } from '../../core/events/content.ts';
import type { Event } from '../../core/events/event.ts';
import type { Membership } from '../../core/events/membership.ts';
import { isRefused, parsePdu } from '../../core/events/parse-pdu.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { IngestEngine } from '../../rooms/ingest/create-ingest.ts';
import { admissionOf } from '../../rooms/members/restricted.ts';
import type { Head, StoredEvent } from '../../rooms/model.ts';
import { assertComplete } from '../../rooms/partial/assert-complete.ts';
import type { Room } from '../../rooms/room.ts';
import { toldOf } from './told.service.ts';

export interface IncomingDeps {
  readonly engine: RoomEngine;
  readonly ingest: Pick<IngestEngine, 'ingest' | 'admission'>;
  readonly signer: Signer;
}

type JoinedRoom = Room & { readonly head: Head };

export interface Proposal {
  readonly room_version: string;
  readonly event: JsonObject;
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
    checkVersion(room, versions);
    return this.#propose(room, user, { membership: 'join', ...(await this.#authorisation(room, user)) });
  }

  async makeKnock(origin: ServerName, roomId: RoomId, user: UserId, versions: readonly string[]): Promise<Proposal> {
    const room = await this.#room(origin, roomId);
    checkOwnUser(origin, user);
    checkVersion(room, versions);
    return this.#propose(room, user, { membership: 'knock' });
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

  /** Takes in a knock; resolves to what the user's server may know of the room. */
  async sendKnock(origin: ServerName, roomId: RoomId, eventId: EventId, raw: unknown): Promise<JsonObject[]> {
    const room = await this.#room(origin, roomId);
    await this.#take(origin, room, this.#parse(raw, room, { origin, eventId, membership: 'knock' }));
    return toldOf(this.#deps.engine, room);
  }

  async sendLeave(origin: ServerName, roomId: RoomId, eventId: EventId, raw: unknown): Promise<void> {
    const room = await this.#room(origin, roomId);
    await this.#take(origin, room, this.#parse(raw, room, { origin, eventId, membership: 'leave' }));
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
      if (!other?.head || !(await engine.membersOf(other)).servers.has(engine.serverName)) return undefined;
      const isIn = (await engine.userRooms.of(userId)).get(other.nid)?.membership === 'join';
      return isIn || engine.partial.get(other.nid) === undefined ? isIn : undefined;
    };
    const admission = await admissionOf({ ...engine, isJoined }, room, user);
    if (admission.kind === 'as any other') return {};
    if (admission.kind === 'refused') {
      throw new MatrixError('M_FORBIDDEN', 'the user is in none of the rooms whose members may join');
    }
    if (admission.kind === 'unknown') {
      throw new MatrixError('M_UNABLE_TO_AUTHORISE_JOIN', 'we are not in all of the rooms whose members may join');
    }
    if (admission.by === undefined) {
      throw new MatrixError('M_UNABLE_TO_GRANT_JOIN', 'nobody on this server may let the user in');
    }
    return { join_authorised_via_users_server: admission.by };
  }

  #parse(raw: unknown, room: JoinedRoom, { origin, eventId, membership }: Omit<Expected, 'room'>): Event {
    const event = parsePdu(raw, room.version);
    if (isRefused(event))
      throw new MatrixError('M_BAD_JSON', `this is no event of room version ${room.version.id}: ${event.refused}`);
    const problem = faultOf(event, { room, origin, eventId, membership });
    if (problem !== undefined) throw new MatrixError('M_INVALID_PARAM', problem);
    return event;
  }

  async #take(origin: ServerName, room: JoinedRoom, parsed: Event): Promise<StoredEvent> {
    const { ingest, engine } = this.#deps;
    const { events, refused } = await ingest.admission.admit(room, [parsed.pdu]);
    const [event] = events;
    if (!event) throw new MatrixError('M_INVALID_PARAM', refused.get(parsed.eventId) ?? 'the event is malformed');
    const verdict = (await ingest.ingest.take(origin, room, [event], { forward: true })).get(event.eventId);
    if (!verdict?.allowed) throw new MatrixError('M_FORBIDDEN', verdict?.reason ?? 'the event was not taken in');
    const stored = await engine.events.byId(event.eventId);
    if (!stored) throw new Error(`the event ${event.eventId} was taken in and is gone`);
    // One that we know already, from an attempt that came to nothing, is no better now.
    if (stored.status !== 'accepted') throw new MatrixError('M_FORBIDDEN', 'the event has been refused before');
    return stored;
  }

  /** A room that we are in and that does not deny the asking server. */
  async #room(origin: ServerName, roomId: RoomId): Promise<JoinedRoom> {
    const { engine, ingest } = this.#deps;
    engine.holds.assertOpen(roomId);
    const room = await engine.rooms.joined(roomId);
    assertComplete(engine.partial, room);
    const { servers } = await engine.membersOf(room);
    if (!servers.has(engine.serverName)) throw new MatrixError('M_NOT_FOUND', 'this server is not in that room');
    if (!(await ingest.ingest.isAllowed(room, origin)))
      throw new MatrixError('M_FORBIDDEN', 'the room denies your server');
    return room;
  }
}

const checkOwnUser = (origin: ServerName, user: UserId): void => {
  if (serverOf(user) !== origin) throw new MatrixError('M_FORBIDDEN', 'the user is of another server than yours');
};

const checkVersion = ({ version }: Room, known: readonly string[]): void => {
  if (known.includes(version.id)) return;
  throw new MatrixError('M_INCOMPATIBLE_ROOM_VERSION', `the room has version ${version.id}`, {
    extra: { room_version: version.id },
  });
};

interface Expected {
  readonly room: JoinedRoom;
  readonly origin: ServerName;
  readonly eventId: EventId;
  readonly membership: Membership;
}

/** https://spec.matrix.org/latest/server-server-api/#put_matrixfederationv2send_joinroomideventid */
const faultOf = (event: Event, { room, origin, eventId, membership }: Expected): string | undefined => {
  if (event.eventId !== eventId) return 'the event id in the path is not that of the event';
  if (event.roomId !== room.roomId) return 'the event is of another room';
  if (membershipOf(event) !== membership) return `the event's membership is not ${membership}`;
  if (event.stateKey !== event.sender) return 'the state key is not the sender';
  return serverOf(event.sender) === origin ? undefined : 'the event is of another server than yours';
};

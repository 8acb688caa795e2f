import { MatrixError } from '@holm/spec/errors';
import { type EventId, type RoomId, type ServerName, serverOf, UserId } from '@holm/spec/ids';
import type { Json } from '@holm/spec/json';
import { addSignature, type Signer } from '../../core/events/build.ts';
import { membershipOf } from '../../core/events/content.ts';
import type { Event } from '../../core/events/event.ts';
import { isRefused, parsePdu } from '../../core/events/parse-pdu.ts';
import { roomVersion, type RoomVersion } from '../../core/rooms/room-version.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { IngestEngine } from '../../rooms/ingest/create-ingest.ts';
import type { EventVerifier } from '../../rooms/ingest/ports.ts';
import type { OutsideMemberships } from '../../rooms/members/outside.ts';
import { namesItsCreateEvent, toStripped } from './stripped-state.ts';

export interface InvitesDeps {
  readonly engine: RoomEngine;
  readonly ingest: Pick<IngestEngine, 'ingest'>;
  readonly outside: OutsideMemberships;
  readonly verifier: EventVerifier;
  readonly signer: Signer;
  readonly users: { exists(user: UserId): Promise<boolean> };
}

export interface InviteRequest {
  readonly roomId: RoomId;
  readonly eventId: EventId;
  readonly versionId: string;
  readonly event: unknown;
  readonly told: readonly Json[];
}

/** Invites of our users by users of other servers. */
export class IncomingInvites {
  readonly #deps: InvitesDeps;

  constructor(deps: InvitesDeps) {
    this.#deps = deps;
  }

  /** Resolves to the invite with our signature, once it is kept and the user can see it. */
  async receive(origin: ServerName, request: InviteRequest): Promise<Event> {
    const { signer, outside } = this.#deps;
    const version = supported(request.versionId);
    const event = parsePdu(request.event, version);
    if (isRefused(event)) throw new MatrixError('M_BAD_JSON', `this is no invite: ${event.refused}`);
    const invited = checkInvite(origin, event, request);
    await this.#checkUser(invited);
    if (!namesItsCreateEvent(request.told, request.roomId, version)) {
      throw new MatrixError('M_MISSING_PARAM', 'invite_room_state lacks the create event of this room');
    }
    await this.#checkSignatures(event);
    const signed = addSignature(event, signer);
    // Where we are in the room, the invite comes by the room's own way, and is shown from there.
    if (!(await this.#areInRoom(origin, request.roomId))) {
      await outside.put(invited, signed, { stripped: toStripped(request.told, signed), via: [origin] });
    }
    return signed;
  }

  async #checkUser(invited: UserId): Promise<void> {
    const { engine, users } = this.#deps;
    if (serverOf(invited) !== engine.serverName || !(await users.exists(invited))) {
      throw new MatrixError('M_NOT_FOUND', 'there is no such user here');
    }
  }

  async #checkSignatures(event: Event): Promise<void> {
    const verdict = (await this.#deps.verifier.verifyEvents([event])).get(event.eventId);
    if (!verdict?.allowed) throw new MatrixError('M_FORBIDDEN', verdict?.reason ?? 'the signatures were not checked');
  }

  async #areInRoom(origin: ServerName, roomId: RoomId): Promise<boolean> {
    const { engine, ingest } = this.#deps;
    const room = await engine.rooms.byId(roomId);
    if (!room?.head) return false;
    if (!(await ingest.ingest.isAllowed(room, origin))) {
      throw new MatrixError('M_FORBIDDEN', 'the room denies your server');
    }
    return (await engine.membersOf(room)).servers.has(engine.serverName);
  }
}

const supported = (versionId: string): RoomVersion => {
  const version = roomVersion(versionId);
  if (version) return version;
  throw new MatrixError('M_INCOMPATIBLE_ROOM_VERSION', `room version ${versionId} is not supported here`, {
    extra: { room_version: versionId },
  });
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

import { MatrixError } from '@holm/spec/errors';
import { type EventId, type RoomId, type ServerName, serverOf, UserId } from '@holm/spec/ids';
import type { Json } from '@holm/spec/json';
import { addSignature, type Signer } from '../../core/events/build.ts';
import { membershipOf } from '../../core/events/content.ts';
import type { Event } from '../../core/events/event.ts';
import { checkContentHash } from '../../core/events/hashes.ts';
import { isRefused, parsePdu } from '../../core/events/parse-pdu.ts';
import { roomVersion, type RoomVersion } from '../../core/rooms/room-version.ts';
import { refuse } from '../../core/verdict.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { IngestEngine } from '../../rooms/ingest/create-ingest.ts';
import type { EventVerifier } from '../../rooms/ingest/ports.ts';
import type { OutsideMemberships } from '../../rooms/members/outside.ts';
import type { Invitees } from '../membership/index.ts';
import { readTold, toStripped } from './stripped-state.ts';

export interface InvitesDeps {
  readonly engine: RoomEngine;
  readonly ingest: Pick<IngestEngine, 'ingest'>;
  readonly outside: OutsideMemberships;
  readonly verifier: EventVerifier;
  readonly signer: Signer;
  readonly users: { exists(user: UserId): Promise<boolean> };
  readonly invitees: Invitees;
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
    const { signer, outside, engine } = this.#deps;
    engine.holds.assertEnterable(request.roomId);
    const version = supported(request.versionId);
    const event = parsePdu(request.event, version);
    if (isRefused(event)) throw invalid(`the event is malformed: ${event.refused}`);
    const invited = checkInvite(event, { ...request, origin, us: this.#deps.engine.serverName });
    const told = readTold(request.told, request.roomId, version);
    if ('refused' in told) throw invalid(`invite_room_state: ${told.refused}`);
    if (!(await this.#deps.users.exists(invited))) throw new MatrixError('M_NOT_FOUND', 'there is no such user here');
    await this.#deps.invitees.assertInvitable(invited);
    await this.#checkSignatures([event, ...told]);
    const signed = addSignature(event, signer);
    // Where we are in the room, the invite comes by the room's own way, and is shown from there.
    if (!(await this.#areInRoom(origin, request.roomId))) {
      await outside.put(invited, signed, { stripped: toStripped(request.told, signed), via: [origin] });
    }
    return signed;
  }

  async #checkSignatures(events: readonly Event[]): Promise<void> {
    const verdicts = await this.#deps.verifier.verifyEvents(events);
    for (const event of events) {
      const verdict = verdicts.get(event.eventId) ?? refuse('not checked');
      if (!verdict.allowed) throw invalid(`the event ${event.eventId}: ${verdict.reason}`);
      if (!checkContentHash(event)) throw invalid(`the event ${event.eventId} does not match its hash`);
    }
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

/** The specification leaves the code open but for this recommendation. */
const invalid = (why: string): MatrixError => new MatrixError('M_INVALID_PARAM', why);

interface Expected extends Pick<InviteRequest, 'roomId' | 'eventId'> {
  readonly origin: ServerName;
  readonly us: ServerName;
}

/** What we put our name under is an invite, of one of ours, by one of theirs: nothing else gets our signature. */
const checkInvite = (event: Event, { roomId, eventId, origin, us }: Expected): UserId => {
  const { sender, stateKey } = event;
  if (event.roomId !== roomId || event.eventId !== eventId) throw invalid('the event is not the one in the path');
  if (event.rejection !== undefined) throw invalid(event.rejection);
  if (membershipOf(event) !== 'invite' || !UserId.is(stateKey)) throw invalid('the event is not an invite');
  if (serverOf(stateKey) !== us) throw invalid('the invited user is not of this server');
  if (serverOf(sender) !== origin) throw invalid('the inviter is of another server than yours');
  return stateKey;
};

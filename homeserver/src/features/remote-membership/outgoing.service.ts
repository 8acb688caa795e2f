import { MatrixError } from '@holm/spec/errors';
import { type RoomId, type ServerName, serverOf, type UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { sendInviteV2 } from '@holm/spec/server-server/invites';
import { makeJoin, sendJoinV2 } from '@holm/spec/server-server/joins';
import { makeLeave, sendLeaveV2 } from '@holm/spec/server-server/leaves';
import type { Signer } from '../../core/events/build.ts';
import type { Event } from '../../core/events/event.ts';
import { isRefused, parsePdu } from '../../core/events/parse-pdu.ts';
import { roomVersions } from '../../core/rooms/room-version.ts';
import type { FederationClient } from '../../federation/client/client.ts';
import { FederationError } from '../../federation/client/federation-error.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Entropy, token } from '../../platform/entropy.ts';
import type { Log } from '../../platform/log.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { IngestEngine } from '../../rooms/ingest/create-ingest.ts';
import type { OutsideMemberships } from '../../rooms/members/outside.ts';
import type { Room } from '../../rooms/room.ts';
import type { RemoteMembership } from '../membership/index.ts';
import { TOLD_TYPES } from './stripped-state.ts';
import { complete, type Template, versionOf } from './templates.ts';

/** Joining a large room takes the other server long. */
const JOIN_TIMEOUT_MS = 180_000;
/** Servers asked before giving up. */
const MAX_SERVERS = 8;

export interface OutgoingDeps {
  readonly engine: RoomEngine;
  readonly ingest: Pick<IngestEngine, 'roomImport' | 'joins'>;
  readonly outside: OutsideMemberships;
  readonly client: Pick<FederationClient, 'call'>;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

/** Memberships of our users that other servers have to agree to. */
export class OutgoingMembership implements RemoteMembership {
  readonly #deps: OutgoingDeps;

  constructor(deps: OutgoingDeps) {
    this.#deps = deps;
  }

  async join(user: UserId, roomId: RoomId, via: readonly ServerName[], content: JsonObject): Promise<void> {
    const { joins } = this.#deps.ingest;
    await joins.during(roomId, () => this.#byAnyOf(via, (server) => this.#joinBy(server, { user, roomId, content })));
  }

  knock(): Promise<void> {
    throw new MatrixError('M_UNRECOGNIZED', 'this server cannot yet knock on rooms of other servers', { status: 501 });
  }

  async leave(user: UserId, roomId: RoomId, content: JsonObject): Promise<void> {
    const { engine, outside, log } = this.#deps;
    const room = await engine.rooms.byId(roomId);
    const member = room && (await engine.userRooms.of(user)).get(room.nid);
    if (!room || !member) throw new MatrixError('M_NOT_FOUND', 'you have nothing to do with that room');
    const via = [serverOf(member.sender), ...(await engine.userRooms.via(user, roomId))];
    const leave = async (server: ServerName): Promise<Event> => {
      const template = await this.#deps.client.call(server, makeLeave, {
        params: { roomId, userId: user },
        ignoreBackOff: true,
      });
      const event = this.#complete(template, { user, roomId, content });
      await this.#deps.client.call(server, sendLeaveV2, {
        params: { roomId, eventId: event.eventId },
        body: event.pdu,
      });
      return event;
    };
    try {
      await outside.put(user, await this.#byAnyOf(via, leave));
    } catch (err) {
      if (!(err instanceof MatrixError)) throw err;
      // The user wants it gone. That the room's servers may go on believing in the invite is theirs to sort out.
      log.info('an invite was rejected without its server', { roomId, err });
      await outside.put(user, this.#complete(placeless(room), { user, roomId, content }));
    }
  }

  async deliverInvite(event: Event, room: Room, server: ServerName): Promise<Event> {
    const { engine, client } = this.#deps;
    const snapshot = room.head?.snapshot ?? 0;
    const view = await engine.states.view(room, snapshot, [
      ...TOLD_TYPES.map((type) => [type, ''] as const),
      // So that the invited can be told by name who invites them.
      ['m.room.member', event.sender] as const,
    ]);
    const told = [...view.values()].map((stored) => stored.event.pdu);
    const body = { room_version: room.version.id, event: event.pdu, invite_room_state: told };
    const params = { roomId: room.roomId, eventId: event.eventId };
    const answer = await client
      .call(server, sendInviteV2, { params, body, ignoreBackOff: true })
      .catch((error: unknown) => Promise.reject(asMatrixError(error)));
    const signed = parsePdu(answer.event, room.version);
    if (isRefused(signed) || signed.eventId !== event.eventId) {
      throw new MatrixError('M_UNKNOWN', `${server} answered with another event than the invite`, { status: 502 });
    }
    // Nothing but that server's own signature, and not so much of it that nobody else would take the event.
    const signatures = { ...event.pdu.signatures, [server]: signed.pdu.signatures[server] ?? {} };
    const countersigned = parsePdu({ ...event.pdu, signatures }, room.version);
    if (!isRefused(countersigned)) return countersigned;
    throw new MatrixError('M_UNKNOWN', `${server} made the invite ${countersigned.refused}`, { status: 502 });
  }

  async #joinBy(server: ServerName, wanted: Wanted): Promise<void> {
    const { client, ingest } = this.#deps;
    const { user, roomId } = wanted;
    const ver = roomVersions.map(({ id }) => id);
    const template = await client.call(server, makeJoin, {
      params: { roomId, userId: user },
      query: { ver },
      ignoreBackOff: true,
    });
    const join = this.#complete(template, wanted);
    const answer = await client.call(server, sendJoinV2, {
      params: { roomId, eventId: join.eventId },
      query: { omit_members: false },
      body: join.pdu,
      timeoutMs: JOIN_TIMEOUT_MS,
      ignoreBackOff: true,
    });
    const version = versionOf(template);
    const countersigned = answer.event && parsePdu(answer.event, version);
    const accepted = countersigned && !isRefused(countersigned) && countersigned.eventId === join.eventId;
    await ingest.roomImport.import({
      roomId,
      version,
      join: accepted ? countersigned : join,
      before: { state: answer.state, authChain: answer.auth_chain },
      resident: server,
    });
  }

  #complete(template: Template, { user, roomId, content }: Wanted): Event {
    const { signer, clock, entropy } = this.#deps;
    const eventId = `$${token(entropy, 24)}:${signer.server}`;
    return complete(template, { roomId, user, content, sentAt: clock.now(), eventId }, signer);
  }

  /** Tries one server after the other. A clear no of one of them is the answer, if none says yes. */
  async #byAnyOf<T>(servers: readonly ServerName[], attempt: (server: ServerName) => Promise<T>): Promise<T> {
    const { serverName } = this.#deps.engine;
    const others = [...new Set(servers)].filter((server) => server !== serverName).slice(0, MAX_SERVERS);
    let failure: MatrixError = new MatrixError('M_NOT_FOUND', 'no server is known that is in this room');
    for (const server of others) {
      try {
        return await attempt(server);
      } catch (error) {
        const next = asMatrixError(error);
        this.#deps.log.info('another server did not change a membership', { server, err: error });
        if (failure.status !== 403) failure = next;
      }
    }
    throw failure;
  }
}

interface Wanted {
  readonly user: UserId;
  readonly roomId: RoomId;
  readonly content: JsonObject;
}

/** A place for an event that only we will ever see. */
const placeless = (room: Room): Template => ({
  room_version: room.version.id,
  event: { prev_events: [], auth_events: [], depth: 1 },
});

/** What a client is told of another server's failure. */
const asMatrixError = (error: unknown): MatrixError => {
  if (error instanceof MatrixError) return error;
  if (!(error instanceof FederationError)) throw error;
  const { destination, status, errcode } = error;
  const said = typeof error.body['error'] === 'string' ? error.body['error'] : 'no reason given';
  if (status === 403) return new MatrixError('M_FORBIDDEN', `${destination}: ${said}`);
  if (status === 404) return new MatrixError('M_NOT_FOUND', `${destination}: ${said}`);
  if (errcode === 'M_INCOMPATIBLE_ROOM_VERSION')
    return new MatrixError('M_UNSUPPORTED_ROOM_VERSION', `${destination}: ${said}`);
  if (errcode === 'M_UNABLE_TO_AUTHORISE_JOIN') return new MatrixError('M_FORBIDDEN', `${destination}: ${said}`);
  return new MatrixError('M_UNKNOWN', `${destination} could not be reached or made no sense`, {
    status: 502,
    cause: error,
  });
};

import { MatrixError } from '@holm/spec/errors';
import { type RoomId, ServerName, serverOf, type UserId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';
import { makeJoin, sendJoinV2 } from '@holm/spec/server-server/joins';
import { makeKnock, sendKnock } from '@holm/spec/server-server/knocks';
import { makeLeave, sendLeaveV2 } from '@holm/spec/server-server/leaves';
import type { Signer } from '../../core/events/build.ts';
import type { Event } from '../../core/events/event.ts';
import { checkContentHash } from '../../core/events/hashes.ts';
import { isRefused, parsePdu } from '../../core/events/parse-pdu.ts';
import { roomVersions } from '../../core/rooms/room-version.ts';
import type { FederationClient } from '../../federation/client/client.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Entropy, token } from '../../platform/entropy.ts';
import type { Log } from '../../platform/log.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { IngestEngine } from '../../rooms/ingest/create-ingest.ts';
import type { JoinedRoom } from '../../rooms/ingest/import.ts';
import type { EventVerifier } from '../../rooms/ingest/ports.ts';
import { stateSource } from '../../rooms/ingest/state-source.ts';
import type { OutsideMemberships } from '../../rooms/members/outside.ts';
import type { Room } from '../../rooms/room.ts';
import type { RemoteMembership } from '../membership/index.ts';
import { authorisersOf, countersigned } from './countersigned.ts';
import { readJoinAnswer } from './told-join.service.ts';
import { giveInvite } from './give-invite.service.ts';
import { asInviteError, asMatrixError, clarityOf } from './remote-errors.service.ts';
import { readKnockState, toStripped } from './stripped-state.ts';
import { complete, type Template, versionOf } from './templates.ts';
import { toldOf } from './told.service.ts';

/** Joining a large room takes the other server long. */
const JOIN_TIMEOUT_MS = 180_000;
/** The whole state of a room of some hundred thousand members, from servers that leave nobody out. */
const MAX_JOIN_BYTES = 256 * 1024 * 1024;
/** Servers asked before giving up. */
const MAX_SERVERS = 8;

export interface OutgoingDeps {
  readonly engine: RoomEngine;
  readonly ingest: Pick<IngestEngine, 'roomImport' | 'joins'>;
  readonly outside: OutsideMemberships;
  readonly client: Pick<FederationClient, 'call' | 'callLarge'>;
  readonly signer: Signer;
  readonly verifier: EventVerifier;
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

  async knock(user: UserId, roomId: RoomId, via: readonly ServerName[], content: JsonObject): Promise<void> {
    await this.#byAnyOf(via, (server) => this.#knockBy(server, via, { user, roomId, content }));
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
      const wanted = { user, roomId, content };
      await outside.put(user, this.#complete(placeless(room, wanted), wanted));
    }
  }

  async deliverInvite(event: Event, room: Room, server: ServerName): Promise<Event> {
    const { engine, client } = this.#deps;
    const told = await toldOf(engine, room, event.sender);
    const answer = await giveInvite(client, server, { event, told }).catch((error: unknown) =>
      Promise.reject(asInviteError(error)),
    );
    const signed = parsePdu(answer, room.version);
    if (isRefused(signed) || signed.eventId !== event.eventId) {
      throw new MatrixError('M_UNKNOWN', `${server} answered with another event than the invite`, { status: 502 });
    }
    const invite = countersigned(event, answer, [server]);
    if (invite) return invite;
    throw new MatrixError('M_UNKNOWN', `the invite is too large with what ${server} signed`, { status: 502 });
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
    await using stack = new AsyncDisposableStack();
    const call = {
      params: { roomId, eventId: join.eventId },
      query: { omit_members: true },
      body: join.pdu,
      timeoutMs: JOIN_TIMEOUT_MS,
      maxBytes: MAX_JOIN_BYTES,
      ignoreBackOff: true,
    };
    const answer = stack.use(await client.callLarge(server, sendJoinV2, call));
    const { event, before, servers } = await readJoinAnswer(answer, join);
    const isWhole = servers === undefined;
    const all =
      isWhole && before.isLarge ? stateSource(answer, { state: 'state', authChain: 'auth_chain' }) : undefined;
    const joined: JoinedRoom = {
      roomId,
      version: versionOf(template),
      join: countersigned(join, event, [server, ...authorisersOf(join)]) ?? join,
      before,
      all,
      resident: server,
      servers,
    };
    // It takes over what is left to be read.
    if (all) stack.move();
    await ingest.roomImport.import(joined);
  }

  /** Stores what the resident server tells of the room, as far as it proves to be of this room. */
  async #knockBy(server: ServerName, via: readonly ServerName[], wanted: Wanted): Promise<void> {
    const { client, outside } = this.#deps;
    const { user, roomId } = wanted;
    const ver = roomVersions.map(({ id }) => id);
    const params = { roomId, userId: user };
    const template = await client.call(server, makeKnock, { params, query: { ver }, ignoreBackOff: true });
    const knock = this.#complete(template, wanted);
    const answer = await client.call(server, sendKnock, {
      params: { roomId, eventId: knock.eventId },
      body: knock.pdu,
      ignoreBackOff: true,
    });
    const told = await this.#proven(answer.knock_room_state, knock);
    await outside.put(user, knock, { stripped: toStripped(told, knock), via: [...new Set([server, ...via])] });
  }

  async #proven(told: readonly Json[], { roomId, version }: Event): Promise<readonly Json[]> {
    const { events, unproven } = readKnockState(told, roomId, version);
    const verdicts = await this.#deps.verifier.verifyEvents(events);
    const proven = events.filter((event) => verdicts.get(event.eventId)?.allowed && checkContentHash(event));
    return [...proven.map(({ pdu }) => pdu), ...unproven];
  }

  #complete(template: Template, { user, roomId, content }: Wanted): Event {
    const { signer, clock, entropy } = this.#deps;
    const eventId = `$${token(entropy, 24)}:${signer.server}`;
    return complete(template, { roomId, user, content, sentAt: clock.now(), eventId }, signer);
  }

  /** Tries one server after the other. The clearest no of them is the answer, if none says yes. */
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
        if (clarityOf(next) >= clarityOf(failure)) failure = next;
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
const placeless = ({ version }: Room, { user, roomId, content }: Wanted): Template => ({
  room_version: version.id,
  event: {
    type: 'm.room.member',
    room_id: roomId,
    sender: user,
    state_key: user,
    content,
    prev_events: [],
    auth_events: [],
    depth: 1,
  },
});

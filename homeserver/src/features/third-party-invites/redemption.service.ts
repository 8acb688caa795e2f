import { MatrixError } from '@holm/spec/errors';
import { RoomId, type ServerName, serverOf, UserId } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import { exchangeThirdPartyInvite } from '@holm/spec/server-server/third-party-invites';
import { membershipOf, thirdPartySignedOf } from '../../core/events/content.ts';
import { keysThatSigned } from '../../core/events/third-party-invite.ts';
import type { FederationClient } from '../../federation/client/client.ts';
import { FederationError } from '../../federation/client/federation-error.ts';
import type { Log } from '../../platform/log.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { IngestEngine } from '../../rooms/ingest/create-ingest.ts';
import type { StoredEvent } from '../../rooms/model.ts';
import type { MemberProfiles, Membership } from '../membership/index.ts';
import type { IdentityServers } from './identity-server.service.ts';

export interface RedemptionDeps {
  readonly engine: RoomEngine;
  readonly ingest: Pick<IngestEngine, 'ingest'>;
  readonly membership: Pick<Membership, 'put'>;
  readonly profiles: MemberProfiles;
  readonly identity: Pick<IdentityServers, 'isValid'>;
  readonly client: Pick<FederationClient, 'call'>;
  readonly users: { exists(user: UserId): Promise<boolean> };
  readonly log: Log;
}

/** Anybody can have us ask anybody: not for long. */
const EXCHANGE_TIMEOUT_MS = 15_000;

/** An invite to an address, and the proof that the address is somebody's. */
export interface Proof {
  readonly roomId: RoomId;
  /** Who sent the invite. */
  readonly sender: UserId;
  readonly user: UserId;
  /** `mxid`, `token` and the signatures of an identity server. */
  readonly signed: JsonObject;
}

/** Makes invites to addresses into invites of those who prove to have them. */
export class Redemption {
  readonly #deps: RedemptionDeps;

  constructor(deps: RedemptionDeps) {
    this.#deps = deps;
  }

  /** An identity server says that an address is one of our users' now. What comes to nothing costs the rest nothing. */
  async bound(user: UserId, invites: readonly Json[]): Promise<void> {
    const { engine, users, log } = this.#deps;
    if (serverOf(user) !== engine.serverName || !(await users.exists(user))) {
      throw new MatrixError('M_NOT_FOUND', 'there is no such user here');
    }
    for (const proof of invites.flatMap((invite) => proofOf(invite, user))) {
      try {
        await this.redeem(proof);
      } catch (err) {
        if (!(err instanceof MatrixError)) throw err;
        log.info('an invite to an address could not be redeemed', { roomId: proof.roomId, err });
      }
    }
  }

  /** What a client sends along with its join: the proof alone. */
  async redeemBy(user: UserId, roomId: RoomId, signed: JsonObject): Promise<void> {
    const { sender, mxid } = signed;
    if (!UserId.is(sender) || mxid !== user) throw invalid('third_party_signed is not for you');
    await this.redeem({ roomId, sender, user, signed });
  }

  /** For one of our users: here, or by the server of whoever invited them. */
  async redeem(proof: Proof): Promise<void> {
    const { engine } = this.#deps;
    const room = await engine.rooms.byId(proof.roomId);
    const isHere = room?.head !== undefined && (await engine.membersOf(room)).servers.has(engine.serverName);
    await (isHere ? this.#invite(proof) : this.#exchange(proof));
  }

  /** For a user of another server, which asks. https://spec.matrix.org/latest/server-server-api/#third-party-invites */
  async exchange(origin: ServerName, roomId: RoomId, partial: JsonObject): Promise<void> {
    const { engine, ingest } = this.#deps;
    const room = await engine.rooms.joined(roomId);
    if (!(await engine.membersOf(room)).servers.has(engine.serverName)) {
      throw new MatrixError('M_NOT_FOUND', 'this server is not in that room');
    }
    if (!(await ingest.ingest.isAllowed(room, origin))) {
      throw new MatrixError('M_FORBIDDEN', 'the room denies your server');
    }
    await this.#invite(partialOf(origin, roomId, partial));
  }

  /** In a room that we are in. The rules ask for the signature; whether its key is still good is ours to find out. */
  async #invite(proof: Proof): Promise<void> {
    const { engine, membership, profiles } = this.#deps;
    const { roomId, sender, user, signed } = proof;
    const original = await this.#original(proof);
    if (!(await this.#isProven(signed, original))) {
      throw new MatrixError('M_FORBIDDEN', 'no valid key of the invite signed this');
    }
    // The rules would let it make an invited user of one who is in the room.
    if (await this.#isJoined(proof)) return;
    const { display_name: name } = original.event.content;
    const isOurs = serverOf(user) === engine.serverName;
    await membership.put(sender, roomId, user, {
      membership: 'invite',
      ...(isOurs && (await profiles.memberProfile(user))),
      third_party_invite: { display_name: typeof name === 'string' ? name : '', signed },
    });
  }

  async #original({ roomId, signed, sender }: Proof): Promise<StoredEvent> {
    const { rooms, states } = this.#deps.engine;
    const room = await rooms.joined(roomId);
    const { token } = signed;
    const key = ['m.room.third_party_invite', typeof token === 'string' ? token : ''] as const;
    const original = await states.get(room, room.head.snapshot, key);
    if (!original || original.redactedBy !== undefined || original.event.sender !== sender) {
      throw new MatrixError('M_FORBIDDEN', 'there is no such invite in this room');
    }
    return original;
  }

  async #isJoined({ roomId, user }: Proof): Promise<boolean> {
    const { rooms, states } = this.#deps.engine;
    const room = await rooms.joined(roomId);
    const member = await states.get(room, room.head.snapshot, ['m.room.member', user]);
    return member !== undefined && membershipOf(member.event) === 'join';
  }

  async #isProven(signed: JsonObject, { event }: StoredEvent): Promise<boolean> {
    for (const { publicKey, validityUrl } of keysThatSigned(signed, event)) {
      if (validityUrl === undefined || (await this.#deps.identity.isValid(validityUrl, publicKey))) return true;
    }
    return false;
  }

  async #exchange({ roomId, sender, user, signed }: Proof): Promise<void> {
    const { client, engine } = this.#deps;
    const server = serverOf(sender);
    if (server === engine.serverName) throw new MatrixError('M_NOT_FOUND', 'nobody here is in that room any more');
    // The name is the inviting server's to say; this one tells no more than the event does anyway.
    const content = { membership: 'invite', third_party_invite: { display_name: user, signed } };
    const body = { type: 'm.room.member', room_id: roomId, sender, state_key: user, content };
    try {
      await client.call(server, exchangeThirdPartyInvite, {
        params: { roomId },
        body,
        timeoutMs: EXCHANGE_TIMEOUT_MS,
        ignoreBackOff: true,
      });
    } catch (error) {
      if (!(error instanceof FederationError)) throw error;
      const isRefused = error.status === 403 || error.status === 404;
      throw new MatrixError(isRefused ? 'M_FORBIDDEN' : 'M_UNKNOWN', `${server} did not make it an invite`, {
        status: isRefused ? 403 : 502,
        cause: error,
      });
    }
  }
}

const invalid = (why: string): MatrixError => new MatrixError('M_INVALID_PARAM', why);

/** https://spec.matrix.org/latest/server-server-api/#put_matrixfederationv13pidonbind; nonsense is left out. */
const proofOf = (invite: Json, user: UserId): Proof[] => {
  if (!isObject(invite) || invite['mxid'] !== user) return [];
  const { room_id: roomId, sender, signed } = invite;
  if (!RoomId.is(roomId) || !UserId.is(sender) || !isObject(signed) || signed['mxid'] !== user) return [];
  return [{ roomId, sender, user, signed }];
};

/** https://spec.matrix.org/latest/server-server-api/#put_matrixfederationv1exchange_third_party_inviteroomid */
const partialOf = (origin: ServerName, roomId: RoomId, partial: JsonObject): Proof => {
  const { type, room_id, sender, state_key: user } = partial;
  if (type !== 'm.room.member' || room_id !== roomId) throw invalid('this is no membership of that room');
  if (!UserId.is(sender) || !UserId.is(user)) throw invalid('the sender or the invited is no user');
  if (serverOf(user) !== origin) throw new MatrixError('M_FORBIDDEN', 'the user is of another server than yours');
  const signed = signedOf(partial['content']);
  if (signed?.['mxid'] !== user) throw invalid('the content is no invite of that user');
  return { roomId, sender, user, signed };
};

const signedOf = (content: Json | undefined): JsonObject | undefined =>
  isObject(content) && content['membership'] === 'invite' ? thirdPartySignedOf(content) : undefined;

import { MatrixError } from '@holm/spec/errors';
import { type DeviceId, type RoomId, type ServerName, serverOf, type UserId } from '@holm/spec/ids';
import { exchangeOpenIdToken } from '@holm/spec/server-server/openid';
import type { FederationClient } from '../../federation/client/client.ts';
import { FederationError } from '../../federation/client/federation-error.ts';
import type { CallMember } from '../calls/index.ts';
import type { OpenId } from '../openid/index.ts';

interface OpenIdProofsDeps {
  readonly serverName: ServerName;
  readonly openId: Pick<OpenId, 'holderOf'>;
  readonly client: Pick<FederationClient, 'call'>;
  /** Whether people of a server may be in the call of a room. */
  readonly admitsServer: (server: ServerName, roomId: RoomId) => Promise<boolean>;
}

/** What somebody says of themselves, and the token by which they prove it. */
export interface Claim {
  readonly token: { readonly access_token: string; readonly matrix_server_name: ServerName };
  readonly roomId: RoomId;
  readonly deviceId: DeviceId;
  readonly userId?: UserId;
}

const PATIENCE_MS = 10_000;
const MAX_BYTES = 16_384;

/**
 * Learns by OpenID who wants to come into a call. Anybody can make us ask another server that way: only those are asked
 * that are in the room.
 */
export class OpenIdProofs {
  readonly #deps: OpenIdProofsDeps;

  constructor(deps: OpenIdProofsDeps) {
    this.#deps = deps;
  }

  /** M_UNAUTHORIZED, without a reason, where the claim is not what the token says. */
  async verify(claim: Claim): Promise<CallMember> {
    const { token, roomId, deviceId } = claim;
    const isOurs = token.matrix_server_name === this.#deps.serverName;
    const userId = isOurs ? await this.#ofOurs(claim) : await this.#ofOther(claim);
    if (userId === undefined || (claim.userId !== undefined && claim.userId !== userId)) {
      throw new MatrixError('M_UNAUTHORIZED', 'it could not be verified who asks');
    }
    return { userId, roomId, deviceId };
  }

  /** A token of ours was given to a device, and is good for no other. */
  async #ofOurs({ token, deviceId }: Claim): Promise<UserId | undefined> {
    const holder = await this.#deps.openId.holderOf(token.access_token);
    return holder?.deviceId === deviceId ? holder.userId : undefined;
  }

  /** A server can only speak for its own users. */
  async #ofOther({ token, roomId }: Claim): Promise<UserId | undefined> {
    const { matrix_server_name: server, access_token } = token;
    const { client, admitsServer } = this.#deps;
    if (!(await admitsServer(server, roomId))) return undefined;
    try {
      const { sub } = await client.call(server, exchangeOpenIdToken, {
        query: { access_token },
        timeoutMs: PATIENCE_MS,
        maxBytes: MAX_BYTES,
        ignoreBackOff: true,
        unrecorded: true,
      });
      return serverOf(sub) === server ? sub : undefined;
    } catch (error) {
      if (error instanceof FederationError) return undefined;
      throw error;
    }
  }
}

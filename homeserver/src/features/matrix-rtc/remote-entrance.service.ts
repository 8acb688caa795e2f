import { MatrixError } from '@holm/spec/errors';
import { getLivekitTokenForUser, getLivekitTokenForUserUnstable } from '@holm/spec/extensions/matrix-rtc';
import type { RoomId, ServerName } from '@holm/spec/ids';
import type { FederationClient } from '../../federation/client/client.ts';
import { FederationError } from '../../federation/client/federation-error.ts';
import type { CallMember } from '../calls/index.ts';
import type { SlotMember } from './entrance.service.ts';

interface RemoteEntranceDeps {
  /** Whether somebody may be in the call of a room. */
  readonly admits: (member: CallMember) => Promise<boolean>;
  readonly client: Pick<FederationClient, 'call'>;
  /** Whether people of a server may be in the call of a room. */
  readonly admitsServer: (server: ServerName, roomId: RoomId) => Promise<boolean>;
}

const PATIENCE_MS = 15_000;
const MAX_BYTES = 32_768;

/** Asks other servers to let our users to their SFUs, and vouches for them (MSC4195). Their clients go there themselves. */
export class RemoteEntrance {
  readonly #deps: RemoteEntranceDeps;

  constructor(deps: RemoteEntranceDeps) {
    this.#deps = deps;
  }

  /** M_FORBIDDEN for somebody who is not in the room, or for a server of which nobody is. */
  async tokenOf(server: ServerName, member: SlotMember, url: string): Promise<string> {
    const { admits, admitsServer } = this.#deps;
    if (!(await admits(member)) || !(await admitsServer(server, member.roomId))) {
      throw new MatrixError('M_FORBIDDEN', 'you are not in a room with that server');
    }
    try {
      return await this.#ask(server, member, url);
    } catch (error) {
      if (error instanceof FederationError) throw toldOf(error);
      throw error;
    }
  }

  /** In the words of the proposal, then by the address of its drafts, then in the words of these. */
  async #ask(server: ServerName, { userId, roomId, slotId, memberId }: SlotMember, url: string): Promise<string> {
    const about = { user_id: userId, url, room_id: roomId, slot_id: slotId };
    const attempts = [
      [getLivekitTokenForUser, { ...about, member_id: memberId }],
      [getLivekitTokenForUserUnstable, { ...about, member_id: memberId }],
      [getLivekitTokenForUserUnstable, { ...about, member: { id: memberId } }],
    ] as const;
    let misunderstood: unknown;
    for (const [endpoint, body] of attempts) {
      try {
        const call = { body, timeoutMs: PATIENCE_MS, maxBytes: MAX_BYTES, ignoreBackOff: true };
        return (await this.#deps.client.call(server, endpoint, call)).jwt;
      } catch (error) {
        if (!(error instanceof FederationError) || !isMisunderstood(error)) throw error;
        misunderstood = error;
      }
    }
    throw misunderstood;
  }
}

const isMisunderstood = ({ status, errcode }: FederationError): boolean =>
  status === 404 || status === 405 || errcode === 'M_BAD_JSON' || errcode === 'M_NOT_JSON';

/** These two are the client's business; of anything else it learns no more than that there was something. */
const toldOf = (error: FederationError): MatrixError => {
  const { status, errcode, destination } = error;
  const isPassedOn = (status === 403 && errcode === 'M_FORBIDDEN') || (status === 400 && errcode === 'M_INVALID_PARAM');
  const message = `${destination} does not let you in`;
  return isPassedOn
    ? MatrixError.relayed(errcode, message, { status, cause: error })
    : new MatrixError('M_UNKNOWN', message, { status: 502, cause: error });
};

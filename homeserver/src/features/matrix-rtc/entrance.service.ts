import { MatrixError } from '@holm/spec/errors';
import type { DeviceId, RoomId, ServerName, UserId } from '@holm/spec/ids';
import { serverOf } from '@holm/spec/ids';
import type { CallGrant, Calls } from '../calls/index.ts';
import { callName, deviceIdentity, draftIdentity, memberIdentity, ROOM_SLOT } from './names.ts';
import type { Claim, OpenIdProofs } from './open-id-proofs.service.ts';
import type { Outcome } from './telemetry.ts';

interface EntranceDeps {
  readonly serverName: ServerName;
  readonly calls: Pick<Calls, 'admits'> & { readonly tokens: Pick<Calls['tokens'], 'mint'> };
  readonly proofs: Pick<OpenIdProofs, 'verify'>;
  /** Clients of before each server had its own SFU send to that of whoever came first. */
  readonly othersMaySend: boolean;
  readonly asked: (outcome: Outcome) => void;
}

/** A member of a slot, as their server vouches for them. Of users of other servers the device is not known. */
export interface SlotMember {
  readonly userId: UserId;
  readonly deviceId?: DeviceId;
  readonly roomId: RoomId;
  readonly slotId: string;
  readonly memberId: string;
}

/** Gives tokens for calls to those who may be in them now. What is in a token is asked again when somebody comes with it. */
export class Entrance {
  readonly #deps: EntranceDeps;

  constructor(deps: EntranceDeps) {
    this.#deps = deps;
  }

  /** For those who are known: by their access token, or by the signature of their server. */
  async ofMember({ slotId, memberId, ...member }: SlotMember): Promise<string> {
    return this.#letIn({
      identity: memberIdentity(member.userId, memberId),
      call: callName(member.roomId, slotId),
      canPublish: this.#isOurs(member.userId),
      member,
    });
  }

  /** For clients of drafts, in which members prove by OpenID who they are. */
  async ofDraftMember(claim: Claim, { slotId, memberId }: Pick<SlotMember, 'slotId' | 'memberId'>): Promise<string> {
    const member = await this.#verified(claim);
    return this.#letIn({
      identity: draftIdentity(member.userId, claim.deviceId, memberId),
      call: callName(claim.roomId, slotId),
      canPublish: this.#isOurs(member.userId),
      member,
    });
  }

  /** For clients of before there were slots and members. */
  async ofDevice(claim: Claim): Promise<string> {
    const member = await this.#verified(claim);
    return this.#letIn({
      identity: deviceIdentity(member.userId, claim.deviceId),
      call: callName(claim.roomId, ROOM_SLOT),
      canPublish: this.#isOurs(member.userId) || this.#deps.othersMaySend,
      member,
    });
  }

  #isOurs(userId: UserId): boolean {
    return serverOf(userId) === this.#deps.serverName;
  }

  #verified(claim: Claim) {
    return this.#deps.proofs.verify(claim).catch((error: unknown) => {
      if (error instanceof MatrixError) this.#deps.asked('not verified');
      throw error;
    });
  }

  async #letIn(grant: CallGrant): Promise<string> {
    const { calls, asked } = this.#deps;
    if (!(await calls.admits(grant))) {
      asked('not a member');
      throw new MatrixError('M_FORBIDDEN', 'you are not in this room');
    }
    asked('given');
    return calls.tokens.mint(grant);
  }
}

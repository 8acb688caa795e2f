import { MatrixError } from '@holm/spec/errors';
import { type DeviceId, type RoomId, type ServerName, serverOf, type UserId } from '@holm/spec/ids';
import type { CallGrant, CallMember, CallTokens } from '../calls/index.ts';
import { type CallAddresses, isSame } from './addresses.ts';
import { callName, deviceIdentity, draftIdentity, memberIdentity, ROOM_SLOT } from './names.ts';
import type { Claim, OpenIdProofs } from './open-id-proofs.service.ts';
import type { Outcome } from './telemetry.ts';

interface EntranceDeps {
  readonly serverName: ServerName;
  readonly tokens: Pick<CallTokens, 'mint'>;
  /** Whether somebody may be in the call of a room. */
  readonly admits: (member: CallMember) => Promise<boolean>;
  readonly proofs: Pick<OpenIdProofs, 'verify'>;
  readonly addresses: () => CallAddresses;
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

/** What a client needs to come in, and who it turned out to be. */
export interface Entry {
  readonly member: CallMember;
  readonly url: string;
  readonly jwt: string;
}

/** Gives tokens for calls to those who may be in them now. What is in a token is asked again when somebody comes with it. */
export class Entrance {
  readonly #deps: EntranceDeps;

  constructor(deps: EntranceDeps) {
    this.#deps = deps;
  }

  /** For those who are known: by their access token, or by the signature of their server. */
  async ofMember({ slotId, memberId, ...member }: SlotMember, sfu: string): Promise<string> {
    const grant = {
      identity: memberIdentity(member.userId, memberId),
      call: callName(member.roomId, slotId),
      canPublish: this.#isOurs(member.userId),
      member,
    };
    await this.#assertMember(grant);
    this.assertOurs(sfu);
    return this.#given(grant);
  }

  /** M_INVALID_PARAM for what is no SFU of this server. */
  assertOurs(sfu: string): void {
    if (!isSame(sfu, this.#deps.addresses().sfu)) {
      throw new MatrixError('M_INVALID_PARAM', 'this is no SFU of this server');
    }
  }

  /** For clients of drafts, in which members prove by OpenID who they are. */
  async ofDraftMember(claim: Claim, { slotId, memberId }: Pick<SlotMember, 'slotId' | 'memberId'>): Promise<Entry> {
    const member = await this.verify(claim);
    return this.#letIn({
      identity: draftIdentity(member.userId, claim.deviceId, memberId),
      call: callName(claim.roomId, slotId),
      canPublish: this.#isOurs(member.userId),
      member,
    });
  }

  /** For clients of before there were slots and members. */
  async ofDevice(claim: Claim): Promise<Entry> {
    const member = await this.verify(claim);
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

  /** Who it is that claims something; M_UNAUTHORIZED if it is not so. */
  verify(claim: Claim): Promise<CallMember> {
    return this.#deps.proofs.verify(claim).catch((error: unknown) => {
      if (error instanceof MatrixError) this.#deps.asked('not verified');
      throw error;
    });
  }

  async #letIn(grant: CallGrant): Promise<Entry> {
    await this.#assertMember(grant);
    return { member: grant.member, url: this.#deps.addresses().sfu, jwt: this.#given(grant) };
  }

  async #assertMember({ member }: CallGrant): Promise<void> {
    const { admits, asked } = this.#deps;
    if (await admits(member)) return;
    asked('not a member');
    throw new MatrixError('M_FORBIDDEN', 'you are not in this room');
  }

  #given(grant: CallGrant): string {
    this.#deps.asked('given');
    return this.#deps.tokens.mint(grant);
  }
}

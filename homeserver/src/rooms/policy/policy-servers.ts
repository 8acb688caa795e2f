import { MatrixError } from '@holm/spec/errors';
import type { ServerName } from '@holm/spec/ids';
import { askPolicyServerToSign } from '@holm/spec/server-server/policy';
import type { JsonObject } from '@holm/spec/json';
import { verifyKeyOf } from '../../core/crypto/keys.ts';
import type { Event } from '../../core/events/event.ts';
import {
  hasPolicySignature,
  isExempt,
  policyServerOf,
  type PolicyServer,
  POLICY_STATE,
  withPolicySignature,
} from '../../core/events/policy.ts';
import { POLICY_KEY_ID } from '../../core/events/signatures.ts';
import { pduText } from '../../core/events/pdu-text.ts';
import type { FederationClient } from '../../federation/client/client.ts';
import { FederationError } from '../../federation/client/federation-error.ts';
import { MAX_PDU_BYTES } from '@holm/spec/server-server/pdu';
import type { Presence } from '../members/room-members.ts';
import type { Events } from '../events.ts';
import type { SnapshotId, StoredEvent } from '../model.ts';
import type { Room } from '../room.ts';
import type { States } from '../state/states.ts';
import type { OwnPolicyServer } from './own-policy-server.ts';

export interface PolicyServersDeps {
  readonly serverName: ServerName;
  readonly client: Pick<FederationClient, 'call'>;
  readonly states: States;
  readonly events: Pick<Events, 'cached'>;
  readonly membersOf: (room: Room) => Promise<Presence>;
  /** This server, if it is one itself. */
  readonly own: OwnPolicyServer | undefined;
}

/** It may have to look at pictures first; but who sends in such a room mostly asks before. */
const SENDING_TIMEOUT_MS = 30_000;
const RECEIVING_TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/** Refusals that are for whoever wanted to send the event. Anything else says that we could not ask. */
const REFUSALS = new Set([400, 403, 429]);

interface Named {
  readonly snapshot: SnapshotId;
  /** What names it: another object once it is redacted. */
  readonly event: StoredEvent | undefined;
  readonly policy: PolicyServer | undefined;
}

/**
 * Asks the policy servers of rooms. https://spec.matrix.org/latest/server-server-api/#policy-servers
 *
 * Asking takes as long as that server likes: never in a room's queue, where everybody would wait.
 */
export class PolicyServers {
  readonly #deps: PolicyServersDeps;
  readonly #named = new WeakMap<Room, Named>();

  constructor(deps: PolicyServersDeps) {
    this.#deps = deps;
  }

  /** Who has to agree to an event in the room as it is now. For who is not in the room's queue. */
  of(room: Room, draft: Parameters<typeof isExempt>[0]): Promise<PolicyServer | undefined> | undefined {
    const known = this.#known(room);
    // As in nearly all rooms.
    return known && !known.policy ? undefined : this.#agreeing(room, draft);
  }

  async #agreeing(room: Room, draft: Parameters<typeof isExempt>[0]): Promise<PolicyServer | undefined> {
    const policy = await this.#namedBy(room);
    if (!policy || isExempt(draft)) return undefined;
    const { servers } = await this.#deps.membersOf(room);
    return servers.has(policy.via) ? policy : undefined;
  }

  /**
   * Why an event is not welcome that is judged anew, for who is in the room's queue and has its members loaded. Whether
   * the policy server agrees to it has been asked before: then it has its signature.
   */
  async objection(room: Room, event: Event): Promise<string | undefined> {
    const policy = await this.#namedBy(room);
    if (!policy || isExempt(event)) return undefined;
    if (room.members.loaded?.servers.has(policy.via) !== true || hasPolicySignature(event, policy)) return undefined;
    return "the room's policy server has not signed it";
  }

  /** The event as it may be sent. Throws what the policy server refuses it with; 502 where it could not be asked. */
  async sign(event: Event, policy: PolicyServer): Promise<Event> {
    try {
      return await this.#ask(event, policy, SENDING_TIMEOUT_MS);
    } catch (error) {
      throw error instanceof FederationError ? asRefusal(error) : error;
    }
  }

  /** As `sign`, for events that are there already: what has the signature is as it was. */
  async signed(event: Event, policy: PolicyServer): Promise<Event> {
    return hasPolicySignature(event, policy) ? event : this.#ask(event, policy, RECEIVING_TIMEOUT_MS);
  }

  /** Whatever became of it a moment ago: what is not asked now is never shown. */
  async #ask(event: Event, policy: PolicyServer, timeoutMs: number): Promise<Event> {
    const answer = await this.#answerOf(event, policy, timeoutMs);
    const signed = withPolicySignature(event, answer, policy);
    if (!signed) throw new MatrixError('M_FORBIDDEN', "the room's policy server does not want this event");
    if (!hasPolicySignature(signed, policy)) {
      throw new MatrixError('M_UNKNOWN', "the room's policy server signed with another key", { status: 502 });
    }
    if (Buffer.byteLength(pduText(signed)) <= MAX_PDU_BYTES) return signed;
    throw new MatrixError('M_TOO_LARGE', "the event is too large with the policy server's signature");
  }

  async #answerOf(event: Event, { via }: PolicyServer, timeoutMs: number): Promise<JsonObject> {
    const { serverName, own, client } = this.#deps;
    if (own && via === serverName) return { [via]: { [POLICY_KEY_ID]: await own.sign(event) } };
    const asking = { body: event.pdu, timeoutMs, maxBytes: MAX_ANSWER_BYTES, ignoreBackOff: true };
    return client.call(via, askPolicyServerToSign, asking);
  }

  #known(room: Room): Named | undefined {
    const known = this.#named.get(room);
    if (known?.snapshot !== room.head?.snapshot) return undefined;
    return known?.event && this.#deps.events.cached(known.event.nid) !== known.event ? undefined : known;
  }

  async #namedBy(room: Room): Promise<PolicyServer | undefined> {
    if (!room.head) return undefined;
    const { snapshot } = room.head;
    const known = this.#known(room);
    if (known) return known.policy;
    const event = await this.#deps.states.get(room, snapshot, POLICY_STATE);
    const named = event?.redactedBy === undefined ? policyServerOf(event?.event.content) : undefined;
    const policy = named && this.#canBeAsked(named) ? named : undefined;
    this.#named.set(room, { snapshot, event, policy });
    return policy;
  }

  /** NOTSPEC: where the room names this server with another key than ours, whatever signs with that is not this program. */
  #canBeAsked({ via, key }: PolicyServer): boolean {
    const { serverName, own } = this.#deps;
    return via !== serverName || (own !== undefined && key.key.equals(verifyKeyOf(own.key).key));
  }
}

const asRefusal = (error: FederationError): MatrixError => {
  const { status, errcode, body, destination } = error;
  const isRefusal = status !== undefined && (REFUSALS.has(status) || errcode === 'M_NOT_FOUND');
  if (isRefusal && errcode !== undefined) {
    const { errcode: _, error: said, ...extra } = body;
    const message = typeof said === 'string' ? said : "refused by the room's policy server";
    return MatrixError.relayed(errcode, message, { status, extra, cause: error });
  }
  return new MatrixError('M_UNKNOWN', `the room's policy server ${destination} could not be asked`, {
    status: 502,
    cause: error,
  });
};

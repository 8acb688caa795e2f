import { type ServerName, ServerName as ServerNames, serverOf, UserId } from '@holm/spec/ids';
import { isObject } from '@holm/spec/json';
import type { VerifyKey } from '../crypto/keys.ts';
import { signaturesBy, verifyText } from '../crypto/signing.ts';
import { ALLOW, refuse, type Verdict } from '../verdict.ts';
import { membershipOf } from './content.ts';
import type { Event } from './event.ts';
import { referenceText } from './hashes.ts';

/**
 * The servers without whose signature an event is dropped.
 * https://spec.matrix.org/latest/server-server-api/#validating-hashes-and-signatures-on-received-events
 */
export const requiredSignatures = (event: Event): ServerName[] => {
  const servers = [
    isThirdPartyInvite(event) ? undefined : serverOf(event.sender),
    serverOfSuppliedId(event),
    authorisingServer(event),
  ].filter((server) => server !== undefined);
  return [...new Set(servers)];
};

/** Such an invite may be sent by another server than its sender's: the invited address was bound elsewhere. */
const isThirdPartyInvite = (event: Event): boolean =>
  event.type === 'm.room.member' &&
  event.content['membership'] === 'invite' &&
  event.content['third_party_invite'] !== undefined;

const serverOfSuppliedId = ({ eventId, version }: Event): ServerName | undefined => {
  if (version.eventIds !== 'supplied') return undefined;
  const server = eventId.slice(eventId.indexOf(':') + 1);
  return ServerNames.is(server) ? server : undefined;
};

/**
 * The server that let someone into a restricted room.
 * NOTSPEC: asked of joins only. The text asks it of every member event with the key, but peers carry the key over to
 * later member events that nobody authorised, and accept those.
 */
const authorisingServer = (event: Event): ServerName | undefined => {
  if (event.version.auth.restricted.size === 0 || membershipOf(event) !== 'join') return undefined;
  const user = event.content['join_authorised_via_users_server'];
  return UserId.is(user) ? serverOf(user) : undefined;
};

/** What an event's signatures say; or nothing yet, for want of what `waitsFor` names: servers whose keys cannot be had now. */
export type SignatureVerdict = Verdict & { readonly waitsFor?: readonly ServerName[] };

/** A signature that has to be checked: what it covers is `signedBytes`. */
export interface SignatureOf {
  readonly server: ServerName;
  /** Ed25519 signatures by key id. */
  readonly signatures: Readonly<Record<string, string>>;
}

/** What a policy server signs with, which may be the server of the sender. The room names the key, nobody publishes it. */
export const POLICY_KEY_ID = 'ed25519:policy_server';

/** The required signatures of an event as they stand in it; one whose server has not signed has none. */
export const signaturesToCheck = (event: Event): SignatureOf[] =>
  requiredSignatures(event).map((server) => {
    const { [POLICY_KEY_ID]: _, ...signatures } = signaturesBy(event.pdu.signatures, server);
    return { server, signatures };
  });

/** What every signature of an event covers, for those who verify on other threads. */
export const signedBytes = (event: Event): Buffer => Buffer.from(referenceText(event.pdu, event.version));

/**
 * Judges an event's signatures: of each required server, every key that is known (and was valid then: the caller's
 * look-up knows) must verify, and at least one must be.
 */
export const verifyEventSignatures = (
  event: Event,
  keyFor: (server: ServerName, keyId: string) => VerifyKey | undefined,
): Verdict => {
  const text = referenceText(event.pdu, event.version);
  for (const { server, signatures } of signaturesToCheck(event)) {
    let known = 0;
    for (const [keyId, signature] of Object.entries(signatures)) {
      const key = keyFor(server, keyId);
      if (!key) continue;
      known++;
      if (!verifyText(text, signature, key)) return refuse(`the signature of ${server} with ${keyId} is wrong`);
    }
    if (known === 0) return refuse(`not signed by ${server} with a key that we know`);
  }
  return ALLOW;
};

/** Whether one server's signature, by one key, stands on an event. */
export const isSignedBy = (event: Event, server: string, key: VerifyKey): boolean => {
  const signature = isObject(event.pdu.signatures) ? signaturesBy(event.pdu.signatures, server)[key.keyId] : undefined;
  return signature !== undefined && verifyText(referenceText(event.pdu, event.version), signature, key);
};

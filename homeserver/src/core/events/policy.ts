import { ServerName } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import { type VerifyKey, verifyKeyFrom } from '../crypto/keys.ts';
import { signaturesBy } from '../crypto/signing.ts';
import type { Event } from './event.ts';
import { isSignedBy, POLICY_KEY_ID } from './signatures.ts';

/** Who is to agree to a room's events before they are sent: https://spec.matrix.org/latest/client-server-api/#policy-servers */
export interface PolicyServer {
  readonly via: ServerName;
  readonly key: VerifyKey;
}

const POLICY_TYPE = 'm.room.policy';

export const POLICY_STATE = [POLICY_TYPE, ''] as const;

/** The policy server that a room's `m.room.policy` names. One that is malformed is as good as none. */
export const policyServerOf = (content: JsonObject | undefined): PolicyServer | undefined => {
  const via = content?.['via'];
  const keys = content?.['public_keys'];
  const publicKey = isObject(keys) ? keys['ed25519'] : undefined;
  if (!ServerName.is(via) || typeof publicKey !== 'string') return undefined;
  // Whoever copied it may have had it from somewhere that writes keys in the other alphabet.
  const key = verifyKeyFrom(POLICY_KEY_ID, publicKey.replaceAll('-', '+').replaceAll('_', '/'));
  return key && { via, key };
};

/** What a policy server is never asked about: so a room can always do without it. */
export const isExempt = ({
  type,
  stateKey,
}: {
  readonly type: string;
  readonly stateKey?: string | undefined;
}): boolean => type === POLICY_TYPE && stateKey === '';

export const hasPolicySignature = (event: Event, { via, key }: PolicyServer): boolean => isSignedBy(event, via, key);

/**
 * The event with the policy server's signature, taken from what it answered, beside those that it has: it may be the
 * server that the event comes from. Undefined where it has not signed.
 */
export const withPolicySignature = (event: Event, answer: Json, { via }: PolicyServer): Event | undefined => {
  const signature = isObject(answer) ? signaturesBy(answer, via)[POLICY_KEY_ID] : undefined;
  if (signature === undefined) return undefined;
  const { signatures } = event.pdu;
  const signed = { ...signatures, [via]: { ...signatures[via], [POLICY_KEY_ID]: signature } };
  return { ...event, pdu: { ...event.pdu, signatures: signed }, text: undefined };
};

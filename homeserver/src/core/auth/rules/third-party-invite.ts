import type { Json, JsonObject } from '@holm/spec/json';
import { isObject } from '@holm/spec/json';
import { type VerifyKey, verifyKeyFrom } from '../../crypto/keys.ts';
import { signaturesBy, signedText, verifyText } from '../../crypto/signing.ts';
import type { Event, StateEvent } from '../../events/event.ts';
import { NotCanonicalError } from '../../json/canonical.ts';
import type { RoomVersion } from '../../rooms/room-version.ts';
import type { Verdict } from '../../verdict.ts';
import { ALLOW, refuse } from '../../verdict.ts';
import type { AuthState } from '../auth-state.ts';
import { membershipOf } from '../auth-state.ts';
import { member } from '../power-levels.ts';

/**
 * An invite that redeems an `m.room.third_party_invite`: the identity server says that the invited address belongs
 * to the target user. Whoever sent the original invite need not be in the room any more.
 */
export const checkThirdPartyInvite = (event: StateEvent, state: AuthState): Verdict => {
  if (membershipOf(event.stateKey, state) === 'ban') return refuse('the target user is banned');
  const signed = member(event.content['third_party_invite'], 'signed');
  if (!isObject(signed)) return refuse('the third party invite is not signed');
  const { mxid, token } = signed;
  if (typeof mxid !== 'string' || typeof token !== 'string') {
    return refuse('the third party invite has no mxid or no token');
  }
  if (mxid !== event.stateKey) return refuse('the third party invite is for another user');
  const original = state('m.room.third_party_invite', token);
  if (original === undefined) return refuse('there is no third party invite with this token');
  if (original.sender !== event.sender) return refuse('the sender did not send the original third party invite');
  return hasKnownSignature(signed, original) ? ALLOW : refuse('no key of the third party invite signed it');
};

const hasKnownSignature = (signed: JsonObject, original: Event): boolean => {
  const text = textOf(signed, original.version);
  if (text === undefined) return false;
  const keys = publicKeysOf(original);
  return signaturesOf(signed).some((signature) => keys.some((key) => verifyText(text, signature, key)));
};

/** Undefined for what has no canonical form, and so cannot have been signed. */
const textOf = (signed: JsonObject, version: RoomVersion): string | undefined => {
  try {
    return signedText(signed, version.strictCanonicalJson ? 'strict' : 'lenient');
  } catch (error) {
    if (error instanceof NotCanonicalError) return undefined;
    throw error;
  }
};

/** The single `public_key`, and those of the list `public_keys`. */
const publicKeysOf = ({ content }: Event): readonly VerifyKey[] => {
  const list = content['public_keys'];
  const entries: readonly Json[] = Array.isArray(list) ? list : [];
  return [content['public_key'], ...entries.map((entry) => member(entry, 'public_key'))].flatMap((key) =>
    typeof key === 'string' ? (verifyKeyFrom(ANY_ID, toStandardBase64(key)) ?? []) : [],
  );
};

/** Which key made which signature is not asked. */
const ANY_ID = 'ed25519:0';

/** Identity servers write keys in either alphabet. */
const toStandardBase64 = (text: string): string => text.replaceAll('-', '+').replaceAll('_', '/');

/** Every Ed25519 signature, whoever is said to have made it. */
const signaturesOf = ({ signatures }: JsonObject): readonly string[] =>
  Object.keys(isObject(signatures) ? signatures : {}).flatMap((signer) =>
    Object.values(signaturesBy(signatures, signer)),
  );

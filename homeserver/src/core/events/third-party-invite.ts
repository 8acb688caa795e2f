import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import { type VerifyKey, verifyKeyFrom } from '../crypto/keys.ts';
import { signaturesBy, signedText, verifyText } from '../crypto/signing.ts';
import { NotCanonicalError } from '../json/canonical.ts';
import type { Event } from './event.ts';

/** A key that an `m.room.third_party_invite` names: whoever has a signature of it may use the invite. */
export interface InviteKey {
  /** As it is written. */
  readonly publicKey: string;
  readonly key: VerifyKey;
  /** Where it can be asked whether the key is still good; a key without one is good for ever. */
  readonly validityUrl: string | undefined;
}

/** Which key made which signature is not asked. */
const ANY_ID = 'ed25519:0';

/** The single `public_key`, and those of the list `public_keys`. */
export const inviteKeysOf = ({ content }: Pick<Event, 'content'>): readonly InviteKey[] => {
  const list = content['public_keys'];
  const entries: readonly Json[] = [content, ...(Array.isArray(list) ? (list as readonly Json[]) : [])];
  return entries.flatMap((entry) => {
    const { public_key: publicKey, key_validity_url: url } = isObject(entry) ? entry : {};
    const key = typeof publicKey === 'string' ? verifyKeyFrom(ANY_ID, toStandardBase64(publicKey)) : undefined;
    return key && typeof publicKey === 'string'
      ? [{ publicKey, key, validityUrl: typeof url === 'string' ? url : undefined }]
      : [];
  });
};

/** The keys of the original invite that have signed this proof that an address belongs to somebody. */
export const keysThatSigned = (signed: JsonObject, original: Event): readonly InviteKey[] => {
  const text = textOf(signed, original);
  if (text === undefined) return [];
  const signatures = signaturesOf(signed);
  return inviteKeysOf(original).filter(({ key }) => signatures.some((signature) => verifyText(text, signature, key)));
};

/** Undefined for what has no canonical form, and so cannot have been signed. */
const textOf = (signed: JsonObject, { version }: Event): string | undefined => {
  try {
    return signedText(signed, version.strictCanonicalJson ? 'strict' : 'lenient');
  } catch (error) {
    if (error instanceof NotCanonicalError) return undefined;
    throw error;
  }
};

/** Identity servers write keys in either alphabet. */
const toStandardBase64 = (text: string): string => text.replaceAll('-', '+').replaceAll('_', '/');

/** Every Ed25519 signature, whoever is said to have made it. */
const signaturesOf = ({ signatures }: JsonObject): readonly string[] =>
  Object.keys(isObject(signatures) ? signatures : {}).flatMap((signer) =>
    Object.values(signaturesBy(signatures, signer)),
  );

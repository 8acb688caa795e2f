import { sign, verify } from 'node:crypto';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import { canonicalJson, NotCanonicalError, type NumberRule } from '../json/canonical.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import type { SigningKey, VerifyKey } from './keys.ts';

const SIGNATURE_BYTES = 64;

/** What a signature over an object covers: its canonical JSON without `signatures` and `unsigned`. */
export const signedText = (object: JsonObject, numbers: NumberRule = 'strict'): string => {
  const { signatures: _, unsigned: __, ...signed } = object;
  return canonicalJson(signed, numbers);
};

/** Unpadded base64 of a signature over a text's UTF-8. */
export const signText = (text: string, key: SigningKey): string =>
  encodeBase64(sign(null, Buffer.from(text), key.privateKey));

/** Checks one signature. False, never an error, for what is not a signature at all. */
export const verifyText = (text: string, signature: string, { key }: VerifyKey): boolean => {
  const bytes = signatureBytes(signature);
  return bytes !== undefined && verify(null, Buffer.from(text), key, bytes);
};

/** The bytes of a signature, for those who verify many on other threads; undefined when it is none. */
export const signatureBytes = (signature: string): Buffer | undefined => {
  const bytes = decodeBase64(signature);
  return bytes?.length === SIGNATURE_BYTES ? bytes : undefined;
};

/** A copy of an object with our signature beside those that it has. https://spec.matrix.org/latest/appendices/#signing-json */
export const signJson = <T extends JsonObject>(object: T, entity: string, key: SigningKey): SignedJson<T> => ({
  ...object,
  signatures: withSignature(object['signatures'], entity, { [key.keyId]: signText(signedText(object), key) }),
});

export type SignedJson<T extends JsonObject> = T & { readonly signatures: JsonObject };

/** Whether an entity signed an object with a key. False for what has no canonical form: nobody can have signed that. */
export const verifySignature = (object: JsonObject, entity: string, key: VerifyKey): boolean => {
  const signature = signaturesBy(object['signatures'], entity)[key.keyId];
  if (signature === undefined) return false;
  try {
    return verifyText(signedText(object), signature, key);
  } catch (error) {
    if (error instanceof NotCanonicalError) return false;
    throw error;
  }
};

/** The Ed25519 signatures of one entity, by key id; other algorithms and what is not text are left out. */
export const signaturesBy = (signatures: Json | undefined, entity: string): Readonly<Record<string, string>> => {
  const own = isObject(signatures) && Object.hasOwn(signatures, entity) ? signatures[entity] : undefined;
  if (!isObject(own)) return {};
  return Object.fromEntries(
    Object.entries(own).filter(
      (entry): entry is [string, string] => entry[0].startsWith('ed25519:') && typeof entry[1] === 'string',
    ),
  );
};

/** Signatures with one entity's added: what other keys and entities wrote stays. */
const withSignature = (signatures: Json | undefined, entity: string, added: JsonObject): JsonObject => {
  const all = isObject(signatures) ? signatures : {};
  const own = Object.hasOwn(all, entity) ? all[entity] : undefined;
  return { ...all, [entity]: { ...(isObject(own) ? own : {}), ...added } };
};

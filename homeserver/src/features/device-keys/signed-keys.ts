import type { DeviceId, UserId } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import { decodeBase64 } from '../../core/crypto/base64.ts';
import { KEY_BYTES, verifyKeyFrom } from '../../core/crypto/keys.ts';
import { signaturesBy, signedText, verifyText } from '../../core/crypto/signing.ts';
import { canonicalJson, NotCanonicalError } from '../../core/json/canonical.ts';

/** Keys are small; what is larger is something else. */
export const MAX_KEY_BYTES = 65_536;

export type Usage = 'master' | 'self_signing' | 'user_signing';

/** Whether the user signed an object with the key of this name: a device, or a public key. */
export const isSignedBy = (object: JsonObject, user: UserId, keyName: string, publicKey: string): boolean => {
  const signature = signaturesBy(object['signatures'], user)[`ed25519:${keyName}`];
  // The key's name may have characters that those of servers' keys do not have: it plays no part.
  const key = verifyKeyFrom('ed25519:key', publicKey);
  if (signature === undefined || !key) return false;
  try {
    return verifyText(signedText(object), signature, key);
  } catch (error) {
    if (error instanceof NotCanonicalError) return false;
    throw error;
  }
};

/** The device's own Ed25519 key, by which it is known. */
export const deviceKeyOf = (keys: JsonObject, device: string): string | undefined => {
  const all = keys['keys'];
  const key = isObject(all) ? all[`ed25519:${device}`] : undefined;
  return typeof key === 'string' ? key : undefined;
};

/** What is wrong with the shape of a device's keys, if anything is. */
export const problemOfDeviceKeys = (keys: JsonObject, user: UserId, device: DeviceId): string | undefined => {
  const { user_id: userId, device_id: deviceId, algorithms, keys: all } = keys;
  if (userId !== user || deviceId !== device) return 'these are the keys of another user or device';
  if (!Array.isArray(algorithms) || !algorithms.every((name) => typeof name === 'string')) return 'no algorithms';
  return isObject(all) && Object.values(all).every((key) => typeof key === 'string') ? undefined : 'no keys';
};

/** The public key, if this is a key for cross-signing of that kind. */
export const crossSigningKeyOf = (key: JsonObject, user: UserId, usage: Usage): string | undefined => {
  const { user_id: userId, usage: usages, keys } = key;
  if (userId !== user || !Array.isArray(usages) || !usages.includes(usage) || !isObject(keys)) return undefined;
  const [entry, ...more] = Object.entries(keys);
  if (!entry || more.length > 0) return undefined;
  const [name, publicKey] = entry;
  return typeof publicKey === 'string' && name === `ed25519:${publicKey}` && isPublicKey(publicKey)
    ? publicKey
    : undefined;
};

/** The public key of one that has been checked before. */
export const publicKeyOf = (key: JsonObject): string => {
  const keys = key['keys'];
  const [publicKey] = isObject(keys) ? Object.values(keys) : [];
  return typeof publicKey === 'string' ? publicKey : '';
};

const isPublicKey = (text: string): boolean => decodeBase64(text)?.length === KEY_BYTES;

/** Whether two say the same but for their signatures. */
export const isSameKey = (one: JsonObject, other: JsonObject): boolean => {
  try {
    return signedText(one, 'lenient') === signedText(other, 'lenient');
  } catch (error) {
    if (error instanceof NotCanonicalError) return false;
    throw error;
  }
};

export const isSameJson = (one: Json, other: Json): boolean =>
  canonicalJson(one, 'lenient') === canonicalJson(other, 'lenient');

/** As it is kept: without what was added on the way, and with the user's own signatures only. */
export const kept = ({ unsigned: _, ...key }: JsonObject, user: UserId): JsonObject => {
  const signatures = signaturesBy(key['signatures'], user);
  return { ...key, signatures: Object.keys(signatures).length > 0 ? { [user]: signatures } : {} };
};

export interface Signature {
  readonly userId: UserId;
  /** What was signed: a device or a public key. */
  readonly keyName: string;
  readonly signerId: UserId;
  readonly signerKeyId: string;
  readonly signature: string;
}

/** With signatures beside those that it has. */
export const withSignatures = (key: JsonObject, added: readonly Signature[]): JsonObject => {
  if (added.length === 0) return key;
  const signatures: Record<string, Json> = isObject(key['signatures']) ? { ...(key['signatures'] as object) } : {};
  for (const { signerId, signerKeyId, signature } of added) {
    const own = signatures[signerId];
    signatures[signerId] = { ...(isObject(own) ? own : {}), [signerKeyId]: signature };
  }
  return { ...key, signatures };
};

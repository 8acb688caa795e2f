import { Value } from '@sinclair/typebox/value';
import type { ServerName } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import { type ServerKeys, serverKeys } from '@holm/spec/server-server/keys';
import { type VerifyKey, verifyKeyFrom } from '../../core/crypto/keys.ts';
import { signaturesBy, verifySignature } from '../../core/crypto/signing.ts';
import { NotCanonicalError } from '../../core/json/canonical.ts';
import type { UnixMillis } from '../../platform/clock.ts';

/** One key of another server, as we know it. */
export interface KnownKey {
  readonly keyId: string;
  /** Unpadded base64. */
  readonly publicKey: string;
  /** For an old key, when it was retired. */
  readonly validUntil: UnixMillis;
  readonly isOld: boolean;
  /** When it was last published to us. */
  readonly addedAt: UnixMillis;
}

/** What a key is wanted for. Retired keys verify events, never requests. */
export type KeyUse =
  | { readonly for: 'request'; readonly now: UnixMillis }
  /** `at` is the event's time, in room versions that hold keys to their validity. */
  | { readonly for: 'event'; readonly at: UnixMillis | undefined };

/** However far ahead a server dates its keys: what was stolen from it must not stay good for ever. */
const MAX_VALIDITY_MS = 7 * 24 * 3_600_000;

/** https://spec.matrix.org/latest/server-server-api/#publishing-keys, `valid_until_ts` */
export const isUsable = (key: KnownKey, use: KeyUse): boolean => {
  if (use.for === 'request') return !key.isOld && lastsUntil(key) >= use.now;
  return use.at === undefined || lastsUntil(key) >= use.at;
};

const lastsUntil = ({ isOld, validUntil, addedAt }: KnownKey): number =>
  isOld ? validUntil : Math.min(validUntil, addedAt + MAX_VALIDITY_MS);

/** A server's own word on its keys, whose signatures have been checked. */
export interface KeyAnswer {
  readonly serverName: ServerName;
  readonly validUntil: UnixMillis;
  readonly fetchedAt: UnixMillis;
  /** As it was signed, for handing on. */
  readonly json: JsonObject;
  readonly keys: readonly KnownKey[];
}

/** Undefined when the answer is malformed, another server's, or not signed by the keys in it. */
export const readServerKeys = (raw: Json, serverName: ServerName, now: UnixMillis): KeyAnswer | undefined => {
  if (!isObject(raw) || !isServerKeys(raw) || raw.server_name !== serverName) return undefined;
  if (!isSelfSigned(raw, serverName)) return undefined;
  const validUntil = raw.valid_until_ts as UnixMillis;
  const current = Object.entries(raw.verify_keys).map(([keyId, { key }]) => ({
    keyId, publicKey: key, validUntil, isOld: false, addedAt: now,
  })); // prettier-ignore
  const old = Object.entries(raw.old_verify_keys ?? {}).map(([keyId, { key, expired_ts }]) => ({
    keyId, publicKey: key, validUntil: expired_ts as UnixMillis, isOld: true, addedAt: now,
  })); // prettier-ignore
  const inUse = new Set(current.map(({ keyId }) => keyId));
  const keys = [...current, ...old.filter(({ keyId }) => !inUse.has(keyId))].filter((key) => toVerifyKey(key));
  return { serverName, validUntil, fetchedAt: now, json: raw, keys };
};

const isServerKeys = (raw: JsonObject): raw is JsonObject & ServerKeys => Value.Check(serverKeys, raw);

/** At least one of its keys must have signed it, and none wrongly. */
const isSelfSigned = (raw: JsonObject & ServerKeys, serverName: ServerName): boolean => {
  const signedWith = Object.keys(signaturesBy(raw.signatures, serverName))
    .map((keyId) => verifyKeyFrom(keyId, raw.verify_keys[keyId]?.key ?? ''))
    .filter((key) => key !== undefined);
  return signedWith.length > 0 && signedWith.every((key) => isSignedWith(raw, serverName, key));
};

/** As `verifySignature`; what has no canonical form was never signed. */
export const isSignedWith = (raw: JsonObject, server: ServerName, key: VerifyKey): boolean => {
  try {
    return verifySignature(raw, server, key);
  } catch (error) {
    if (error instanceof NotCanonicalError) return false;
    throw error;
  }
};

export const toVerifyKey = ({ keyId, publicKey }: Pick<KnownKey, 'keyId' | 'publicKey'>): VerifyKey | undefined =>
  verifyKeyFrom(keyId, publicKey);

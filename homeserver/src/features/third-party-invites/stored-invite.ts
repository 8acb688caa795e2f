import { isObject, type Json, type JsonObject } from '@holm/spec/json';

/** An invite that an identity server keeps until the address is somebody's. */
export interface StoredInvite {
  readonly token: string;
  /** Of the `m.room.third_party_invite`. */
  readonly content: JsonObject;
}

const TOKEN = /^[0-9A-Za-z.=_-]{1,255}$/;
const MAX_KEYS = 10;
const MAX_TEXT = 1_000;

/** https://spec.matrix.org/latest/identity-service-api/#post_matrixidentityv2store-invite; undefined for nonsense. */
export const storedInviteOf = (answer: Json): StoredInvite | undefined => {
  if (!isObject(answer)) return undefined;
  const { token, display_name: displayName, public_keys: list } = answer;
  if (typeof token !== 'string' || !TOKEN.test(token)) return undefined;
  if (typeof displayName !== 'string' || displayName.length > MAX_TEXT) return undefined;
  const keys = Array.isArray(list) ? (list as readonly Json[]).slice(0, MAX_KEYS).flatMap(keyOf) : [];
  const [first] = keys;
  // Older clients and servers look at the first key alone.
  return first && { token, content: { display_name: displayName, ...first, public_keys: keys } };
};

const keyOf = (entry: Json): JsonObject[] => {
  const { public_key, key_validity_url } = isObject(entry) ? entry : {};
  if (typeof public_key !== 'string' || public_key.length > MAX_TEXT) return [];
  if (typeof key_validity_url !== 'string' || key_validity_url.length > MAX_TEXT) return [];
  return [{ public_key, key_validity_url }];
};

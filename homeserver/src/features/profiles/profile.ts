import { MatrixError } from '@holm/spec/errors';
import type { Json, JsonObject } from '@holm/spec/json';

/** A user's profile: the three fields that everybody knows and any that are namespaced. */
export type Profile = JsonObject;

/** The part of a profile that a member event repeats. */
export interface MemberProfile {
  readonly displayname?: string;
  readonly avatar_url?: string;
}

const MAX_KEY_BYTES = 255;
const MAX_PROFILE_BYTES = 65_536;
const MAX_NAME = 256;
const MAX_URL = 1000;
// https://spec.matrix.org/latest/appendices/#common-namespaced-identifier-grammar, and with a namespace.
const NAMESPACED = /^[a-z][a-z0-9_-]*\.[a-z0-9._-]*$/;
const MXC = /^mxc:\/\/[^/]+\/[^/?#]+$/;
const KNOWN = new Set(['displayname', 'avatar_url', 'm.tz']);

/** True for the fields that member events repeat. */
export const isShownInRooms = (key: string): boolean => key === 'displayname' || key === 'avatar_url';

/** M_KEY_TOO_LARGE or M_INVALID_PARAM for what cannot be the name of a field. */
export const assertKey = (key: string): void => {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new MatrixError('M_KEY_TOO_LARGE', 'this field name is too long');
  if (!KNOWN.has(key) && !NAMESPACED.test(key)) throw new MatrixError('M_INVALID_PARAM', 'this is no profile field');
};

/** The profile with one field set. Clients clear name and picture by setting them to nothing. */
export const withField = (profile: Profile, key: string, value: Json): Profile => {
  if (isShownInRooms(key) && value === '') return withoutField(profile, key);
  assertValue(key, value);
  const changed = { ...profile, [key]: value };
  if (Buffer.byteLength(JSON.stringify(changed)) >= MAX_PROFILE_BYTES) {
    throw new MatrixError('M_PROFILE_TOO_LARGE', 'a profile must stay below 64 KiB');
  }
  return changed;
};

export const withoutField = (profile: Profile, key: string): Profile =>
  Object.fromEntries(Object.entries(profile).filter(([name]) => name !== key));

export const memberProfileOf = ({ displayname, avatar_url }: Profile): MemberProfile => ({
  ...(typeof displayname === 'string' && { displayname }),
  ...(typeof avatar_url === 'string' && { avatar_url }),
});

const assertValue = (key: string, value: Json): void => {
  if (!KNOWN.has(key)) return;
  if (typeof value !== 'string') throw new MatrixError('M_BAD_JSON', `${key} must be a string`);
  const limit = key === 'avatar_url' ? MAX_URL : MAX_NAME;
  if (value.length > limit) throw new MatrixError('M_INVALID_PARAM', `${key} is longer than ${limit} characters`);
  if (!value.isWellFormed()) throw new MatrixError('M_INVALID_PARAM', `${key} has half a character in it`);
  if (key === 'avatar_url' && !MXC.test(value))
    throw new MatrixError('M_INVALID_PARAM', 'avatar_url must be an mxc URI');
};

import { DeviceId, type ServerName, serverOf, UserId } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';

/** A change of one device, as its server tells of it. */
export interface RemoteUpdate {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly streamId: number;
  readonly previous: readonly number[];
  /** Absent for a device that is gone, or that has none. */
  readonly keys: JsonObject | undefined;
  readonly displayName: string | null;
}

const MAX_NAME = 256;
/** Characters of JSON, as ours may have: all keys of somebody are in memory when a client asks for them. */
const MAX_KEYS = 65_536;
/** A list of earlier updates is never long: each update refers to the few that none has referred to. */
const MAX_PREVIOUS = 100;

export const isOf = (origin: ServerName, user: Json | undefined): user is UserId & string =>
  UserId.is(user) && serverOf(user) === origin;

export const readUpdate = (origin: ServerName, edu: JsonObject): RemoteUpdate | undefined => {
  const { user_id: userId, device_id: deviceId, stream_id: streamId, keys, deleted } = edu;
  if (!isOf(origin, userId) || !DeviceId.is(deviceId) || !isStreamId(streamId)) return undefined;
  const previous = readPrevious(edu['prev_id'] ?? []);
  if (!previous) return undefined;
  const isGone = deleted === true || !isKeysOf(userId, deviceId, keys);
  return {
    userId,
    deviceId,
    streamId,
    previous,
    keys: isGone || !isObject(keys) ? undefined : keys,
    displayName: readName(edu['device_display_name']),
  };
};

/** One device of a whole list; undefined for what is none. */
export const readDevice = (userId: UserId, device: Json): Omit<RemoteUpdate, 'streamId' | 'previous'> | undefined => {
  if (!isObject(device)) return undefined;
  const { device_id: deviceId, keys } = device;
  if (!DeviceId.is(deviceId) || !isKeysOf(userId, deviceId, keys) || !isObject(keys)) return undefined;
  return { userId, deviceId, keys, displayName: readName(device['device_display_name']) };
};

/** A key for cross-signing of this user; undefined for anything else. */
export const readCrossSigningKey = (userId: UserId, key: Json | undefined): JsonObject | undefined =>
  isObject(key) && key['user_id'] === userId && isObject(key['keys']) && isSmall(key) ? key : undefined;

const readPrevious = (ids: Json): number[] | undefined =>
  Array.isArray(ids) && ids.length <= MAX_PREVIOUS && ids.every(isStreamId) ? ids : undefined;

const isStreamId = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const isKeysOf = (userId: UserId, deviceId: DeviceId, keys: Json | undefined): boolean =>
  isObject(keys) &&
  keys['user_id'] === userId &&
  keys['device_id'] === deviceId &&
  isObject(keys['keys']) &&
  isSmall(keys);

const isSmall = (keys: JsonObject): boolean => JSON.stringify(keys).length <= MAX_KEYS;

const readName = (name: Json | undefined): string | null =>
  typeof name === 'string' && !name.includes('\0') ? name.slice(0, MAX_NAME) : null;

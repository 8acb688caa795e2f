import { MatrixError } from '@holm/spec/errors';
import type { Json, JsonObject } from '@holm/spec/json';
import { assertCanonical } from '../../core/json/assert-canonical.ts';
import type { Caller } from '../../http/route.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { DeviceLists } from '../device-lists/index.ts';
import { deviceKeysStore as store } from './device-keys.store.ts';
import { type OneTimeKeys, readKeys } from './one-time-keys.service.ts';
import type { PublishedKeys } from './published-keys.service.ts';
import { isSameJson, kept, MAX_KEY_BYTES, problemOfDeviceKeys } from './signed-keys.ts';

export interface KeyUploadsDeps {
  readonly db: Database;
  readonly lists: DeviceLists;
  readonly published: PublishedKeys;
  readonly oneTimeKeys: OneTimeKeys;
}

export interface KeyUpload {
  readonly deviceKeys: JsonObject | undefined;
  readonly oneTimeKeys: Readonly<Record<string, Json>>;
  readonly fallbackKeys: Readonly<Record<string, Json>>;
}

/**
 * Takes the keys that devices publish. Whether they are signed as they must be is for those to judge who would use them:
 * https://spec.matrix.org/latest/client-server-api/#uploading-keys
 */
export class KeyUploads {
  readonly #deps: KeyUploadsDeps;

  constructor(deps: KeyUploadsDeps) {
    this.#deps = deps;
  }

  /** All of it or nothing. Resolves to the number of one-time keys that are left, by algorithm. */
  async upload({ userId, deviceId }: Caller, upload: KeyUpload): Promise<Readonly<Record<string, number>>> {
    const { db, lists, oneTimeKeys } = this.#deps;
    const { deviceKeys } = upload;
    if (deviceKeys) assertDeviceKeys({ userId, deviceId }, deviceKeys);
    const of = { userId, deviceId };
    await db.transact(async (tx) => {
      await lists.lock(tx, userId);
      const known = await store.find(tx, userId, deviceId);
      if (deviceKeys) await this.#putDeviceKeys(tx, of, { known, deviceKeys });
      const fallback = readKeys(upload.fallbackKeys);
      if (new Set(fallback.map(({ algorithm }) => algorithm)).size < fallback.length) {
        throw new MatrixError('M_INVALID_PARAM', 'there is one fallback key per algorithm');
      }
      await oneTimeKeys.add(tx, of, readKeys(upload.oneTimeKeys), fallback);
    });
    return (await oneTimeKeys.counts(of)).oneTime;
  }

  async #putDeviceKeys(
    tx: Tx,
    { userId, deviceId }: Pick<Caller, 'userId' | 'deviceId'>,
    { known, deviceKeys }: { known: JsonObject | undefined; deviceKeys: JsonObject },
  ): Promise<void> {
    const keys = kept(deviceKeys, userId);
    if (known && isSameJson(known, keys)) return;
    // Others know the device by its keys: with other ones it would be another device.
    if (known && !isSameJson(known['keys'] ?? null, keys['keys'] ?? null)) {
      throw new MatrixError('M_INVALID_PARAM', 'the keys of a device never change; log in anew');
    }
    if (await store.areTaken(tx, userId, [deviceId], 'keys')) {
      throw new MatrixError('M_FORBIDDEN', 'this device is called like a key for cross-signing');
    }
    if (!(await store.put(tx, userId, deviceId, keys))) throw new MatrixError('M_NOT_FOUND', 'this device is gone');
    await this.#deps.published.announceDevices(tx, userId, [deviceId]);
  }
}

const assertDeviceKeys = ({ userId, deviceId }: Pick<Caller, 'userId' | 'deviceId'>, keys: JsonObject): void => {
  const problem = problemOfDeviceKeys(keys, userId, deviceId);
  if (problem !== undefined) throw new MatrixError('M_INVALID_PARAM', problem);
  if (JSON.stringify(keys).length > MAX_KEY_BYTES) throw new MatrixError('M_TOO_LARGE', 'these keys are too large');
  assertCanonical(keys);
};

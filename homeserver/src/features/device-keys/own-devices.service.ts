import { MatrixError } from '@holm/spec/errors';
import type { DeviceId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Database, ReadTx, Tx } from '../../storage/database.ts';
import type { DeviceLists } from '../device-lists/index.ts';
import { deviceKeysStore as store } from './device-keys.store.ts';
import type { PublishedKeys } from './published-keys.service.ts';

export interface OwnDevicesDeps {
  readonly db: Database;
  readonly lists: DeviceLists;
  readonly published: PublishedKeys;
}

/** Devices of ours that come and go. */
export class OwnDevices {
  readonly #deps: OwnDevicesDeps;

  constructor(deps: OwnDevicesDeps) {
    this.#deps = deps;
  }

  /** Before a device gets this name. M_FORBIDDEN for that of a key: in signatures, both are named in the same way. */
  async naming(tx: Tx, user: UserId, device: DeviceId): Promise<void> {
    // Keys may be published at the same moment.
    await this.#deps.lists.lock(tx, user);
    if (!(await store.areTaken(tx, user, [device], 'keys'))) return;
    throw new MatrixError('M_FORBIDDEN', 'one of your keys for cross-signing is called like this device');
  }

  /** Before any of these is removed, in the same transaction: its keys go with it. */
  async removing(tx: Tx, user: UserId, devices: readonly DeviceId[]): Promise<void> {
    const { lists } = this.#deps;
    const known = await store.withKeys(tx, user, devices);
    if (known.length === 0) return;
    await store.removeSignatures(tx, user, known);
    const gone = known.map((deviceId) => ({ deviceId, keys: undefined }));
    await lists.devicesChanged(tx, user, gone);
  }

  /** The device has another name, which users of this server see. */
  async renamed(tx: Tx, user: UserId, device: DeviceId): Promise<void> {
    const { lists } = this.#deps;
    const known = await store.withKeys(tx, user, [device]);
    if (known.length === 0) return;
    await lists.changedHere(tx, user);
  }

  /** One device with keys of each of these users that have one. */
  async oneOf(
    users: readonly UserId[],
    tx: ReadTx = this.#deps.db,
  ): Promise<Map<UserId, { deviceId: DeviceId; keys: JsonObject }>> {
    const published = await this.#deps.published.of(users, undefined, tx);
    const found = new Map<UserId, { deviceId: DeviceId; keys: JsonObject }>();
    for (const [user, { devices }] of published) {
      for (const [deviceId, { keys }] of devices) {
        found.set(user, { deviceId, keys });
        break;
      }
    }
    return found;
  }
}

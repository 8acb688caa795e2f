import type { DeviceId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Database, ReadTx, Tx } from '../../storage/database.ts';
import type { DeviceLists } from '../device-lists/index.ts';
import { deviceKeysStore as store } from './device-keys.store.ts';
import { type Signature, type Usage, withSignatures } from './signed-keys.ts';

/** What somebody publishes, with the signatures that the reader may see. */
export interface Published {
  readonly devices: Map<DeviceId, { readonly keys: JsonObject; readonly displayName: string | null }>;
  readonly identity: Map<Usage, JsonObject>;
}

/** Keys of users of this server: https://spec.matrix.org/latest/client-server-api/#key-and-signature-security */
export class PublishedKeys {
  readonly #db: Database;
  readonly #lists: DeviceLists;

  constructor(db: Database, lists: DeviceLists) {
    this.#db = db;
    this.#lists = lists;
  }

  /** Of each of these users who has any. `reader` sees their own signatures, too; without one, it is for strangers. */
  async of(users: readonly UserId[], reader?: UserId, tx: ReadTx = this.#db): Promise<Map<UserId, Published>> {
    if (users.length === 0) return new Map();
    const devices = await store.devices(tx, users);
    const identities = await store.identities(tx, users);
    const signatures = Map.groupBy(await store.signatures(tx, users, reader ?? null), signedKey);
    const found = new Map<UserId, Published>();
    const of = (user: UserId): Published => {
      const known = found.get(user) ?? { devices: new Map(), identity: new Map() };
      found.set(user, known);
      return known;
    };
    for (const { userId, deviceId, keys, displayName } of devices) {
      const signed = withSignatures(keys, signatures.get(`${userId} ${deviceId}`) ?? []);
      of(userId).devices.set(deviceId, { keys: signed, displayName });
    }
    for (const { userId, usage, key, publicKey } of identities) {
      if (usage === 'user_signing' && userId !== reader) continue;
      of(userId).identity.set(usage, withSignatures(key, signatures.get(`${userId} ${publicKey}`) ?? []));
    }
    return found;
  }

  /** The whole list of a user, as other servers keep it, with its version. */
  ofUser(user: UserId): Promise<{ streamId: number; published: Published | undefined }> {
    return this.#db.read(async (tx) => ({
      streamId: await this.#lists.version(tx, user),
      published: (await this.of([user], undefined, tx)).get(user),
    }));
  }

  /** Lets everybody know of new keys of these devices, or of new signatures on them. */
  async announceDevices(tx: Tx, user: UserId, devices: readonly DeviceId[]): Promise<void> {
    const published = (await this.of([user], undefined, tx)).get(user);
    const updates = devices.map((deviceId) => ({ deviceId, keys: published?.devices.get(deviceId)?.keys }));
    await this.#lists.devicesChanged(tx, user, updates);
  }

  /** Lets everybody know of new keys for cross-signing. */
  async announceIdentity(tx: Tx, user: UserId): Promise<void> {
    const identity = (await this.of([user], undefined, tx)).get(user)?.identity;
    const [master, selfSigning] = [identity?.get('master'), identity?.get('self_signing')];
    await this.#lists.identityChanged(tx, user, {
      ...(master && { master_key: master }),
      ...(selfSigning && { self_signing_key: selfSigning }),
    });
  }
}

const signedKey = ({ userId, keyName }: Signature): string => `${userId} ${keyName}`;

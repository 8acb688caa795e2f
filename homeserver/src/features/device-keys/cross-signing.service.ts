import { MatrixError } from '@holm/spec/errors';
import type { UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { assertCanonical } from '../../core/json/assert-canonical.ts';
import type { Caller } from '../../http/route.ts';
import type { AuthData } from '../../http/uia.ts';
import type { Database, ReadTx, Tx } from '../../storage/database.ts';
import type { Reauthentication } from '../accounts/index.ts';
import type { DeviceLists } from '../device-lists/index.ts';
import { deviceKeysStore as store } from './device-keys.store.ts';
import type { PublishedKeys } from './published-keys.service.ts';
import { crossSigningKeyOf, isSameKey, isSignedBy, kept, MAX_KEY_BYTES, type Usage } from './signed-keys.ts';

export interface CrossSigningDeps {
  readonly db: Database;
  readonly lists: DeviceLists;
  readonly published: PublishedKeys;
  readonly reauthentication: Pick<Reauthentication, 'demand'>;
}

/** Keys as a client uploads them. */
export type CrossSigningUpload = Readonly<Record<Usage, JsonObject | undefined>>;

interface CheckedKey {
  readonly usage: Usage;
  readonly key: JsonObject;
  readonly publicKey: string;
}

const USAGES: readonly Usage[] = ['master', 'self_signing', 'user_signing'];

/** The keys by which users sign devices and each other: https://spec.matrix.org/latest/client-server-api/#cross-signing */
export class CrossSigning {
  readonly #deps: CrossSigningDeps;

  constructor(deps: CrossSigningDeps) {
    this.#deps = deps;
  }

  /** Publishes keys. Whoever has some already must prove once more who they are before others take their place. */
  async upload(caller: Caller, upload: CrossSigningUpload, auth: AuthData | undefined): Promise<void> {
    const { db, reauthentication } = this.#deps;
    const { userId } = caller;
    const keys = USAGES.flatMap((usage) => read(upload[usage], userId, usage) ?? []);
    const stored = await this.#stored(db, userId);
    assertSigned(keys, stored, userId);
    const isReplacing = stored.has('master') && news(keys, stored).length > 0;
    if (isReplacing) await reauthentication.demand(caller, 'uploadCrossSigningKeys', auth);
    await db.transact((tx) => this.#put(tx, userId, keys, isReplacing));
  }

  /** Removes all of it, with the account. */
  async forget(userId: UserId): Promise<void> {
    const { db, lists, published } = this.#deps;
    await db.transact(async (tx) => {
      await lists.lock(tx, userId);
      if ((await store.removeIdentity(tx, userId)) > 0) await published.announceIdentity(tx, userId);
    });
  }

  async #put(tx: Tx, userId: UserId, keys: readonly CheckedKey[], mayReplace: boolean): Promise<void> {
    await this.#deps.lists.lock(tx, userId);
    const stored = await this.#stored(tx, userId);
    const added = news(keys, stored);
    if (added.length === 0) return;
    if (stored.has('master') && !mayReplace) throw new MatrixError('M_FORBIDDEN', 'other keys have been published');
    // Both are named in signatures in the same way.
    const names = added.map(({ publicKey }) => publicKey);
    if (await store.areTaken(tx, userId, names, 'devices')) {
      throw new MatrixError('M_FORBIDDEN', 'a device of yours is called like one of these keys');
    }
    for (const one of added) await store.putIdentity(tx, userId, one.usage, one);
    const replaced = added.flatMap(({ usage }) => stored.get(usage)?.publicKey ?? []);
    if (replaced.length > 0) await store.removeSignatures(tx, userId, replaced);
    await this.#deps.published.announceIdentity(tx, userId);
  }

  async #stored(tx: ReadTx, userId: UserId): Promise<ReadonlyMap<Usage, CheckedKey>> {
    return new Map((await store.identities(tx, [userId])).map((one) => [one.usage, one]));
  }
}

const read = (key: JsonObject | undefined, userId: UserId, usage: Usage): CheckedKey | undefined => {
  if (!key) return undefined;
  const publicKey = crossSigningKeyOf(key, userId, usage);
  if (publicKey === undefined) throw new MatrixError('M_INVALID_PARAM', `this is no ${usage} key of yours`);
  if (JSON.stringify(key).length > MAX_KEY_BYTES) throw new MatrixError('M_TOO_LARGE', 'this key is too large');
  assertCanonical(key);
  return { usage, key: kept(key, userId), publicKey };
};

/** The master key, new or old, signs the others. */
const assertSigned = (keys: readonly CheckedKey[], stored: ReadonlyMap<Usage, CheckedKey>, userId: UserId): void => {
  const master = keys.find(({ usage }) => usage === 'master') ?? stored.get('master');
  if (!master) throw new MatrixError('M_MISSING_PARAM', 'there is no master key');
  for (const { usage, key } of keys) {
    if (usage !== 'master' && !isSignedBy(key, userId, master.publicKey, master.publicKey)) {
      throw new MatrixError('M_INVALID_SIGNATURE', `the ${usage} key is not signed by the master key`);
    }
  }
};

const news = (keys: readonly CheckedKey[], stored: ReadonlyMap<Usage, CheckedKey>): CheckedKey[] =>
  keys.filter(({ usage, key }) => {
    const before = stored.get(usage);
    return !before || !isSameKey(before.key, key);
  });

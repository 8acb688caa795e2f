import type { ErrCode } from '@holm/spec/errors';
import { DeviceId, UserId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';
import { signaturesBy } from '../../core/crypto/signing.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { DeviceLists } from '../device-lists/index.ts';
import { deviceKeysStore as store } from './device-keys.store.ts';
import type { KeyQueries } from './key-queries.service.ts';
import type { Published, PublishedKeys } from './published-keys.service.ts';
import { deviceKeyOf, isSameKey, isSignedBy, publicKeyOf, type Signature } from './signed-keys.ts';

export interface SignaturesDeps {
  readonly db: Database;
  readonly lists: DeviceLists;
  readonly published: PublishedKeys;
  readonly queries: Pick<KeyQueries, 'query'>;
}

type Upload = Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;

interface Failure {
  readonly errcode: ErrCode;
  readonly error: string;
}

/** An object that was signed: what it is, and which of the signer's keys may sign it. */
interface Signed {
  readonly userId: UserId;
  readonly keyName: string;
  readonly object: JsonObject;
}

type Outcome = { readonly signed: Signed; readonly signatures: readonly Signature[] } | { readonly failure: Failure };

const NOT_FOUND: Failure = { errcode: 'M_NOT_FOUND', error: 'there is no such key' };
const OTHER: Failure = { errcode: 'M_INVALID_PARAM', error: 'this is not the key that was published' };
const INVALID: Failure = { errcode: 'M_INVALID_SIGNATURE', error: 'the signature is not valid' };
const NOTHING: Published = { devices: new Map(), identity: new Map() };

/** Adds signatures to keys that are published, each once it has been verified. */
export class Signatures {
  readonly #deps: SignaturesDeps;

  constructor(deps: SignaturesDeps) {
    this.#deps = deps;
  }

  /** Resolves to what could not be added, by user and key. */
  async upload(signer: UserId, upload: Upload): Promise<Record<string, Json>> {
    const own = (await this.#deps.published.of([signer], signer)).get(signer) ?? NOTHING;
    const others = Object.keys(upload).filter((user) => user !== signer && UserId.is(user));
    const masters = await this.#masters(signer, others);
    const accepted: Signature[] = [];
    const failures: Record<string, Record<string, Json>> = {};
    for (const [user, byKey] of Object.entries(upload)) {
      for (const [keyName, object] of Object.entries(byKey)) {
        const outcome = UserId.is(user)
          ? judge({ userId: user, keyName, object }, { signer, own, masters })
          : { failure: NOT_FOUND };
        if ('failure' in outcome) (failures[user] ??= {})[keyName] = { ...outcome.failure };
        else accepted.push(...outcome.signatures);
      }
    }
    if (accepted.length > 0) await this.#put(signer, accepted);
    return failures;
  }

  async #masters(signer: UserId, users: readonly string[]): Promise<Readonly<Record<string, Json>>> {
    if (users.length === 0) return {};
    return (await this.#deps.queries.query(signer, Object.fromEntries(users.map((user) => [user, []])))).master_keys;
  }

  async #put(signer: UserId, signatures: readonly Signature[]): Promise<void> {
    const { db, lists } = this.#deps;
    await db.transact(async (tx) => {
      await lists.lock(tx, signer);
      await store.putSignatures(tx, signatures);
      await this.#announce(tx, signer, signatures);
    });
  }

  async #announce(tx: Tx, signer: UserId, signatures: readonly Signature[]): Promise<void> {
    const { lists, published } = this.#deps;
    const own = signatures.filter(({ userId }) => userId === signer).map(({ keyName }) => keyName);
    const devices = await store.withKeys(
      tx,
      signer,
      own.filter((name) => DeviceId.is(name)),
    );
    if (devices.length > 0) await published.announceDevices(tx, signer, devices);
    if (own.some((name) => !devices.some((device) => device === name))) await published.announceIdentity(tx, signer);
    const others = [...new Set(signatures.map(({ userId }) => userId))].filter((user) => user !== signer);
    if (others.length > 0) await lists.hasSigned(tx, signer, others);
  }
}

interface Known {
  readonly signer: UserId;
  readonly own: Published;
  readonly masters: Readonly<Record<string, Json>>;
}

/** Devices of one's own are signed by the self-signing key, one's master key by devices, others by the user-signing key. */
const judge = (signed: Signed, { signer, own, masters }: Known): Outcome => {
  if (signed.userId !== signer) {
    return verify(signed, masters[signed.userId] as JsonObject | undefined, {
      signer,
      keys: keyFor(own, 'user_signing'),
    });
  }
  const device = DeviceId.is(signed.keyName) ? own.devices.get(signed.keyName)?.keys : undefined;
  if (device) return verify(signed, device, { signer, keys: keyFor(own, 'self_signing') });
  const devices = [...own.devices].map(([id, { keys }]) => [id, deviceKeyOf(keys, id) ?? ''] as const);
  return verify(signed, own.identity.get('master'), { signer, keys: new Map(devices) });
};

const keyFor = ({ identity }: Published, usage: 'self_signing' | 'user_signing'): ReadonlyMap<string, string> => {
  const key = identity.get(usage);
  return key ? new Map([[publicKeyOf(key), publicKeyOf(key)]]) : new Map();
};

const verify = (
  signed: Signed,
  published: JsonObject | undefined,
  { signer, keys }: { signer: UserId; keys: ReadonlyMap<string, string> },
): Outcome => {
  const { userId, keyName, object } = signed;
  if (!published || (published['device_id'] !== keyName && publicKeyOf(published) !== keyName)) {
    return { failure: NOT_FOUND };
  }
  if (!isSameKey(object, published)) return { failure: OTHER };
  const signatures: Signature[] = [];
  for (const [signerKeyId, signature] of Object.entries(signaturesBy(object['signatures'], signer))) {
    const name = signerKeyId.slice('ed25519:'.length);
    // The device's own signature has come with its keys.
    if (name === keyName) continue;
    const key = keys.get(name);
    if (key === undefined || !isSignedBy(object, signer, name, key)) return { failure: INVALID };
    signatures.push({ userId, keyName, signerId: signer, signerKeyId, signature });
  }
  return signatures.length === 0 ? { failure: INVALID } : { signed, signatures };
};

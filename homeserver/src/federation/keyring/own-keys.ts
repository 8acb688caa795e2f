import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KeyId, type ServerName } from '@holm/spec/ids';
import type { ServerKeys } from '@holm/spec/server-server/keys';
import { parseKeyFile, printKeyFile } from '../../core/crypto/key-file.ts';
import { KEY_BYTES, type SigningKey, signingKeyFromSeed } from '../../core/crypto/keys.ts';
import { signJson } from '../../core/crypto/signing.ts';
import type { UnixMillis } from '../../platform/clock.ts';
import type { Entropy } from '../../platform/entropy.ts';

/** A key that this server no longer signs with, so that what it signed can still be verified. */
export interface OldKey {
  readonly keyId: KeyId;
  /** Unpadded base64. */
  readonly publicKey: string;
  readonly expiredAt: UnixMillis;
}

/** The keys of this server. It signs with the first; the others are published too, for a change of keys. */
export interface OwnKeys {
  readonly serverName: ServerName;
  readonly signing: readonly [SigningKey, ...SigningKey[]];
  readonly old: readonly OldKey[];
}

/** How long others may believe what we publish before they ask again. */
const VALID_FOR_MS = 24 * 3_600_000;

/** What `/key/v2/server` answers. */
export const publishedKeys = ({ serverName, signing, old }: OwnKeys, now: UnixMillis): ServerKeys => {
  const answer = {
    server_name: serverName,
    verify_keys: Object.fromEntries(signing.map(({ keyId, publicKey }) => [keyId, { key: publicKey }])),
    old_verify_keys: Object.fromEntries(
      old.map(({ keyId, publicKey, expiredAt }) => [keyId, { key: publicKey, expired_ts: expiredAt }]),
    ),
    valid_until_ts: now + VALID_FOR_MS,
    signatures: {},
  };
  return signing.reduce<typeof answer>((signed, key) => signJson(signed, serverName, key), answer);
};

/**
 * Reads the signing keys, or makes the first one. The file is the only secret that other servers know us by: whoever
 * loses it loses the server's name until the others forget its keys.
 */
export const loadSigningKeys = async (path: string, entropy: Entropy, name = newName): Promise<OwnKeys['signing']> => {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined)
    return [await createKeyFile(path, signingKeyFromSeed(name(entropy), entropy.bytes(KEY_BYTES)))];
  const [first, ...others] = parseKeyFile(text);
  if (first === undefined) throw new Error(`the signing key file ${path} holds no key`);
  return [first, ...others];
};

/** It differs with every key, so that a new key is never mistaken for one that others have cached. */
const newName = (entropy: Entropy): KeyId => KeyId.parse(`ed25519:a_${entropy.bytes(3).toString('hex')}`);

const createKeyFile = async (path: string, key: SigningKey): Promise<SigningKey> => {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(printKeyFile([key]));
    await file.sync();
  } finally {
    await file.close();
  }
  return key;
};

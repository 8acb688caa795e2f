import { readFile, rename, writeFile } from 'node:fs/promises';
import { KeyId } from '@holm/spec/ids';
import { parseKeyFile, printKeyFile } from '../../core/crypto/key-file.ts';
import { KEY_BYTES, signingKeyFromSeed, verifyKeyFrom } from '../../core/crypto/keys.ts';
import type { UnixMillis } from '../../platform/clock.ts';
import type { Entropy } from '../../platform/entropy.ts';
import type { OldKey } from './own-keys.ts';

/** A key that a rotation has put aside. A server that runs goes on to sign with it, so it has no end before the next start. */
interface PutAside extends Omit<OldKey, 'expiredAt'> {
  readonly expiredAt: UnixMillis | undefined;
}

const IN_USE = 'until-next-start';

/** Beside the signing keys: those of before, a line each, `ed25519 <version> <public key> <last used>`. */
const oldFileOf = (keyFile: string): string => `${keyFile}.old`;

/**
 * Puts a new key before the others and the first one aside. The new key is used from the next start on. A crash in between
 * leaves the old key in both files, and in use.
 */
export const rotateKey = async (
  keyFile: string,
  entropy: Entropy,
): Promise<{ readonly from: KeyId; readonly to: KeyId }> => {
  const [first, ...others] = parseKeyFile(await readFile(keyFile, 'utf8'));
  if (first === undefined) throw new Error(`the signing key file ${keyFile} holds no key`);
  const to = KeyId.parse(`ed25519:a_${entropy.bytes(3).toString('hex')}`);
  const before = (await readOld(keyFile)).filter(({ keyId }) => keyId !== first.keyId);
  const aside = { keyId: first.keyId, publicKey: first.publicKey, expiredAt: undefined };
  await writeWhole(oldFileOf(keyFile), printOld([...before, aside]));
  await writeWhole(keyFile, printKeyFile([signingKeyFromSeed(to, entropy.bytes(KEY_BYTES)), ...others]));
  return { from: first.keyId, to };
};

/** The keys that rotations have put aside, to be published as old. Those put aside since the last start end now. */
export const retireKeys = async (
  keyFile: string,
  inUse: readonly { readonly keyId: KeyId }[],
  now: UnixMillis,
): Promise<readonly OldKey[]> => {
  const known = await readOld(keyFile);
  const isUsed = ({ keyId }: PutAside) => inUse.some((key) => key.keyId === keyId);
  const ended = known.map((key) => (isUsed(key) ? key : { ...key, expiredAt: key.expiredAt ?? now }));
  if (ended.some(({ expiredAt }, index) => expiredAt !== known[index]?.expiredAt)) {
    await writeWhole(oldFileOf(keyFile), printOld(ended));
  }
  return ended.flatMap(({ expiredAt, ...key }) => (expiredAt === undefined ? [] : [{ ...key, expiredAt }]));
};

const readOld = async (keyFile: string): Promise<PutAside[]> => {
  const text = await readFile(oldFileOf(keyFile), 'utf8').catch((error: unknown) => {
    if ((error as { code?: string }).code === 'ENOENT') return '';
    throw error;
  });
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.map((line, index) => {
    const [algorithm = '', version = '', publicKey = '', until = ''] = line.trim().split(/\s+/);
    const keyId = `${algorithm}:${version}`;
    const isTime = /^\d{1,15}$/.test(until);
    if (!KeyId.is(keyId) || !verifyKeyFrom(keyId, publicKey) || !(isTime || until === IN_USE)) {
      throw new Error(`line ${index + 1} of ${oldFileOf(keyFile)} is not "ed25519 <version> <public key> <last used>"`);
    }
    return { keyId, publicKey, expiredAt: isTime ? (Number(until) as UnixMillis) : undefined };
  });
};

const printOld = (keys: readonly PutAside[]): string =>
  keys
    .map(({ keyId, publicKey, expiredAt }) => `${keyId.replace(':', ' ')} ${publicKey} ${expiredAt ?? IN_USE}\n`)
    .join('');

/** All of it or nothing. */
const writeWhole = async (path: string, text: string): Promise<void> => {
  await writeFile(`${path}.new`, text, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
};

import { KeyId } from '@holm/spec/ids';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { KEY_BYTES, type SigningKey, signingKeyFromSeed } from './keys.ts';

/** A key file that cannot be read; the message names the line, never the key. */
export class InvalidKeyFileError extends Error {
  override readonly name = 'InvalidKeyFileError';
}

/** Reads a signing key file: a key a line, `ed25519 <version> <seed in unpadded base64>`, as Synapse writes it. */
export const parseKeyFile = (text: string): SigningKey[] =>
  text
    .split(/\r?\n/)
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => parseKeyLine(line, number));

const parseKeyLine = (line: string, number: number): SigningKey => {
  const [algorithm = '', version = '', encoded = '', ...rest] = line.split(/\s+/);
  const keyId = `${algorithm}:${version}`;
  const seed = decodeBase64(encoded);
  if (!KeyId.is(keyId) || seed?.length !== KEY_BYTES || rest.length > 0) {
    throw new InvalidKeyFileError(`line ${number} is not "ed25519 <version> <seed of 32 bytes in base64>"`);
  }
  return signingKeyFromSeed(keyId, seed);
};

export const printKeyFile = (keys: readonly SigningKey[]): string =>
  keys.map(({ keyId, seed }) => `${keyId.replace(':', ' ')} ${encodeBase64(seed)}\n`).join('');

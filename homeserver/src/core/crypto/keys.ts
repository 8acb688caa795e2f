import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { KeyId } from '@holm/spec/ids';
import nacl from 'tweetnacl';
import { decodeBase64, encodeBase64 } from './base64.ts';

/** What a server signs with. Made once and kept: making the key object costs more than a signature. */
export interface SigningKey {
  readonly keyId: KeyId;
  readonly privateKey: KeyObject;
  /** Its public half, unpadded base64, as published under `verify_keys`. */
  readonly publicKey: string;
  readonly seed: Uint8Array;
}

/** What a server's signatures are checked with. Made once and kept. */
export interface VerifyKey {
  readonly keyId: KeyId;
  readonly key: KeyObject;
}

export const KEY_BYTES = 32;

// The fixed beginnings of an Ed25519 key in PKCS #8 and in SubjectPublicKeyInfo (RFC 8410); the key itself follows.
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

export const signingKeyFromSeed = (keyId: KeyId, seed: Uint8Array): SigningKey => ({
  keyId,
  privateKey: createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' }),
  publicKey: encodeBase64(nacl.sign.keyPair.fromSeed(seed).publicKey),
  seed,
});

/** Undefined when the text is not the base64 of an Ed25519 public key, or the id not one of that algorithm. */
export const verifyKeyFrom = (keyId: string, publicKey: string): VerifyKey | undefined => {
  const bytes = decodeBase64(publicKey);
  if (bytes?.length !== KEY_BYTES || !KeyId.is(keyId)) return undefined;
  return { keyId, key: createPublicKey({ key: Buffer.concat([SPKI, bytes]), format: 'der', type: 'spki' }) };
};

/** What a key's own signatures are checked with. */
export const verifyKeyOf = ({ keyId, privateKey }: SigningKey): VerifyKey => ({
  keyId,
  key: createPublicKey(privateKey.export({ format: 'pem', type: 'pkcs8' })),
});

import { KeyId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { signingKeyFromSeed } from '../../crypto/keys.ts';
import { signJson } from '../../crypto/signing.ts';

const key = signingKeyFromSeed(KeyId.parse('ed25519:0'), new Uint8Array(32).fill(7));

/** What an `m.room.third_party_invite` says of the key that must sign. */
export const IDENTITY_KEY: JsonObject = { public_key: key.publicKey };

export const TOKENS = ['token-1', 'token-2'] as const;

/** What an identity server says when an invited address turns out to belong to somebody. */
export const signedInvite = (mxid: string, token: string): JsonObject =>
  signJson({ mxid, token }, 'identity.test', key);

import { encodeBase64 } from '@holm/homeserver/core/crypto/base64';
import { type SigningKey, signingKeyFromSeed } from '@holm/homeserver/core/crypto/keys';
import { signedText, signText } from '@holm/homeserver/core/crypto/signing';
import type { KeyId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { createHash } from 'node:crypto';
import type { Person } from './people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- keys are taken apart and put together in tests */

/** Thirty-two bytes that are the same each time. */
const bytes = (of: string): Buffer => createHash('sha256').update(of).digest();

export const keyOf = (name: string): SigningKey => signingKeyFromSeed('ed25519:x' as KeyId, bytes(name));

/** A copy of an object that somebody has signed with a key of this name. */
export const signedBy = (object: JsonObject, user: string, [name, key]: readonly [string, SigningKey]): any => {
  const signatures = (object['signatures'] ?? {}) as Record<string, JsonObject>;
  const signature = signText(signedText(object), key);
  return { ...object, signatures: { ...signatures, [user]: { ...signatures[user], [`ed25519:${name}`]: signature } } };
};

/** What a device publishes, without any of the cryptography behind it but the signatures. */
export class CryptoDevice {
  readonly person: Person;
  readonly key: SigningKey;

  constructor(person: Person) {
    this.person = person;
    this.key = keyOf(`${person.userId} ${person.deviceId}`);
  }

  get deviceKeys(): any {
    const { userId, deviceId } = this.person;
    return this.sign({
      user_id: userId,
      device_id: deviceId,
      algorithms: ['m.olm.v1.curve25519-aes-sha2', 'm.megolm.v1.aes-sha2'],
      keys: {
        [`ed25519:${deviceId}`]: this.key.publicKey,
        [`curve25519:${deviceId}`]: encodeBase64(bytes(`curve ${deviceId}`)),
      },
    });
  }

  sign(object: JsonObject): any {
    return signedBy(object, this.person.userId, [this.person.deviceId, this.key]);
  }

  /** One-time keys by their names. */
  oneTimeKeys(...ids: readonly string[]): any {
    const keys = ids.map((id) => [`signed_curve25519:${id}`, this.sign({ key: encodeBase64(bytes(id)) })] as const);
    return Object.fromEntries(keys);
  }

  fallbackKey(id: string): any {
    return { [`signed_curve25519:${id}`]: this.sign({ key: encodeBase64(bytes(id)), fallback: true }) };
  }

  upload(body: object = { device_keys: this.deviceKeys }): Promise<any> {
    return this.person.ask('POST', '/keys/upload', body);
  }
}

/** Somebody's keys for cross-signing. */
export class CrossSigner {
  readonly userId: string;
  readonly master: SigningKey;
  readonly selfSigning: SigningKey;
  readonly userSigning: SigningKey;

  constructor(userId: string, generation = 1) {
    this.userId = userId;
    const make = (usage: string) => keyOf(`${userId} ${usage} ${generation}`);
    [this.master, this.selfSigning, this.userSigning] = [make('master'), make('self'), make('user')];
  }

  #key(usage: string, { publicKey }: SigningKey): JsonObject {
    return { user_id: this.userId, usage: [usage], keys: { [`ed25519:${publicKey}`]: publicKey } };
  }

  get masterKey(): any {
    return this.#key('master', this.master);
  }

  get selfSigningKey(): any {
    return signedBy(this.#key('self_signing', this.selfSigning), this.userId, [this.master.publicKey, this.master]);
  }

  get userSigningKey(): any {
    return signedBy(this.#key('user_signing', this.userSigning), this.userId, [this.master.publicKey, this.master]);
  }

  get upload(): any {
    return { master_key: this.masterKey, self_signing_key: this.selfSigningKey, user_signing_key: this.userSigningKey };
  }
}

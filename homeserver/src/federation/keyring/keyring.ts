import { verify } from 'node:crypto';
import type { EventId, ServerName } from '@holm/spec/ids';
import { type VerifyKey, verifyKeyFrom } from '../../core/crypto/keys.ts';
import { signatureBytes } from '../../core/crypto/signing.ts';
import type { Event } from '../../core/events/event.ts';
import {
  signedBytes,
  type SignatureOf,
  signaturesToCheck,
  verifyEventSignatures,
} from '../../core/events/signatures.ts';
import { ALLOW, refuse, type Verdict } from '../../core/verdict.ts';
import type { KeyDirectory } from './key-directory.ts';
import type { OwnKeys } from './own-keys.ts';
import type { KeyUse } from './server-keys.ts';

export interface KeyringDeps {
  readonly own: OwnKeys;
  readonly directory: Pick<KeyDirectory, 'keysFor'>;
}

type Keys = ReadonlyMap<string, VerifyKey>;

/** Fewer than this are verified on the spot: handing them to other threads costs as much. */
const BATCH = 4;

/** Verifies what servers sign. */
export class Keyring {
  readonly #deps: KeyringDeps;
  readonly #ownKeys: Keys;

  constructor(deps: KeyringDeps) {
    this.#deps = deps;
    const { signing, old } = deps.own;
    const own = [...old, ...signing].map(({ keyId, publicKey }) => verifyKeyFrom(keyId, publicKey));
    this.#ownKeys = new Map(own.flatMap((key) => (key ? [[key.keyId, key] as const] : [])));
  }

  /** Those of the keys that are known and good for the use. */
  verifyKeysFor(server: ServerName, keyIds: readonly string[], use: KeyUse): Promise<Keys> {
    const { own, directory } = this.#deps;
    if (server !== own.serverName) return directory.keysFor(server, keyIds, use);
    return Promise.resolve(new Map([...this.#ownKeys].filter(([keyId]) => keyIds.includes(keyId))));
  }

  /** Checks the required signatures of events, of any rooms and senders. Each server is asked for its keys once. */
  async verifyEvents(events: readonly Event[]): Promise<ReadonlyMap<EventId, Verdict>> {
    const verdicts = await Promise.all(
      events.map(async (event): Promise<readonly [EventId, Verdict]> => {
        const keys = await this.#keysOf(event);
        if (events.length >= BATCH) return [event.eventId, await verifyElsewhere(event, keys)];
        return [event.eventId, verifyEventSignatures(event, (server, keyId) => keys.get(server)?.get(keyId))];
      }),
    );
    return new Map(verdicts);
  }

  async #keysOf(event: Event): Promise<ReadonlyMap<ServerName, Keys>> {
    const at = event.version.enforceKeyValidity ? (event.sentAt as KeyTime) : undefined;
    const found = await Promise.all(
      signaturesToCheck(event).map(
        async ({ server, signatures }) =>
          [server, await this.verifyKeysFor(server, Object.keys(signatures), { for: 'event', at })] as const,
      ),
    );
    return new Map(found);
  }
}

type KeyTime = NonNullable<Extract<KeyUse, { for: 'event' }>['at']>;

/** As `verifyEventSignatures`, on the thread pool. */
const verifyElsewhere = async (event: Event, keys: ReadonlyMap<ServerName, Keys>): Promise<Verdict> => {
  const bytes = signedBytes(event);
  for (const required of signaturesToCheck(event)) {
    const verdict = await verifyOne(bytes, required, keys.get(required.server) ?? new Map());
    if (!verdict.allowed) return verdict;
  }
  return ALLOW;
};

const verifyOne = async (bytes: Buffer, { server, signatures }: SignatureOf, keys: Keys): Promise<Verdict> => {
  if (keys.size === 0) return refuse(`not signed by ${server} with a key that we know`);
  for (const [keyId, key] of keys) {
    const signature = signatureBytes(signatures[keyId] ?? '');
    if (!signature || !(await verifyOnPool(bytes, key, signature))) {
      return refuse(`the signature of ${server} with ${keyId} is wrong`);
    }
  }
  return ALLOW;
};

const verifyOnPool = (bytes: Buffer, { key }: VerifyKey, signature: Buffer): Promise<boolean> =>
  new Promise((resolve, reject) => {
    verify(null, bytes, key, signature, (error, valid) => {
      if (error) reject(error);
      else resolve(valid);
    });
  });

import { verify } from 'node:crypto';
import type { EventId, ServerName } from '@holm/spec/ids';
import { type VerifyKey, verifyKeyFrom } from '../../core/crypto/keys.ts';
import { signatureBytes } from '../../core/crypto/signing.ts';
import type { Event } from '../../core/events/event.ts';
import {
  signedBytes,
  type SignatureOf,
  type SignatureVerdict,
  signaturesToCheck,
  verifyEventSignatures,
} from '../../core/events/signatures.ts';
import { ALLOW, refuse, type Verdict } from '../../core/verdict.ts';
import type { Clock, UnixMillis } from '../../platform/clock.ts';
import { Turns } from '../../platform/turns.ts';
import type { KeyDirectory } from './key-directory.ts';
import type { OwnKeys } from './own-keys.ts';
import type { KeyUse } from './server-keys.ts';

export interface KeyringDeps {
  readonly own: OwnKeys;
  readonly directory: Pick<KeyDirectory, 'keysFor' | 'hasAnswered'>;
  readonly clock: Clock;
}

type Keys = ReadonlyMap<string, VerifyKey>;

interface Asking {
  readonly since: UnixMillis;
  /** Of events that are verified together. */
  readonly count: number;
}

/** Fewer than this are verified on the spot: handing them to other threads costs as much. */
const BATCH = 4;
/** Verified at a time: what the other threads have done before this one has held everybody up. */
const AT_ONCE = 64;
/** Servers that are asked for their keys at a time. */
const ASKED_AT_ONCE = 100;

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

  /**
   * Checks the required signatures of events, of any rooms and senders. Each server is asked for its keys once; of many
   * events some are checked at a time, because to prepare them all would hold everybody else up.
   */
  async verifyEvents(events: readonly Event[]): Promise<ReadonlyMap<EventId, SignatureVerdict>> {
    const asking = { since: this.#deps.clock.now(), count: events.length };
    if (events.length > AT_ONCE) await this.#gatherKeys(events);
    const verdicts = new Map<EventId, SignatureVerdict>();
    const turns = new Turns();
    for (let at = 0; at < events.length; at += AT_ONCE) {
      if (turns.isOver) await turns.next();
      const some = events.slice(at, at + AT_ONCE);
      for (const [id, verdict] of await Promise.all(some.map((event) => this.#verify(event, asking)))) {
        verdicts.set(id, verdict);
      }
    }
    return verdicts;
  }

  async #verify(event: Event, { since, count }: Asking): Promise<readonly [EventId, SignatureVerdict]> {
    const keys = await this.#keysOf(event);
    const waitsFor = this.#silent(event, keys, since);
    if (waitsFor.length > 0) {
      return [event.eventId, { ...refuse(`the keys of ${waitsFor.join(' and ')} cannot be had now`), waitsFor }];
    }
    if (count >= BATCH) return [event.eventId, await verifyElsewhere(event, keys)];
    return [event.eventId, verifyEventSignatures(event, (server, keyId) => keys.get(server)?.get(keyId))];
  }

  /** Servers that have signed with keys which they might tell us of, if they answered. */
  #silent(event: Event, keys: ReadonlyMap<ServerName, Keys>, since: UnixMillis): ServerName[] {
    const { own, directory } = this.#deps;
    return signaturesToCheck(event)
      .filter(({ server, signatures }) => keys.get(server)?.size === 0 && Object.keys(signatures).length > 0)
      .map(({ server }) => server)
      .filter((server) => server !== own.serverName && !directory.hasAnswered(server, since));
  }

  /** Asks all servers concerned at about the same time: some of them will not answer. */
  async #gatherKeys(events: readonly Event[]): Promise<void> {
    const first = new Map<string, Event>();
    const turns = new Turns();
    for (const event of events) {
      if (turns.isOver) await turns.next();
      const names = signaturesToCheck(event).map(
        ({ server, signatures }) => `${server} ${Object.keys(signatures).join(' ')}`,
      );
      if (names.some((name) => !first.has(name))) for (const name of names) first.set(name, event);
    }
    const waiting = new Set(first.values()).values();
    const ask = async (): Promise<void> => {
      for (const event of waiting) await this.#keysOf(event);
    };
    await Promise.all(Array.from({ length: ASKED_AT_ONCE }, ask));
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

import { createHmac, timingSafeEqual } from 'node:crypto';
import { MatrixError } from '@holm/spec/errors';
import type { UserId } from '@holm/spec/ids';
import { LRUCache } from 'lru-cache';
import { atMost } from '../../platform/at-most.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Entropy, token } from '../../platform/entropy.ts';
import type { Accounts } from './accounts.service.ts';

export interface SharedSecretDeps {
  readonly secret: string;
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly entropy: Entropy;
}

export interface SharedSecretRequest {
  readonly nonce: string;
  readonly username: string;
  readonly password: string;
  readonly admin: boolean;
  readonly userType: string | undefined;
  readonly mac: string;
}

const NONCE_LIFETIME_MS = 60_000;
const MAX_NONCES = 10_000;

/** Lets programs that know a secret open accounts. Nonces live in this process, for a minute, and are good once. */
export class SharedSecretRegistration {
  readonly #deps: SharedSecretDeps;
  readonly #nonces = new LRUCache<string, number>(atMost(MAX_NONCES));

  constructor(deps: SharedSecretDeps) {
    this.#deps = deps;
  }

  nonce(): string {
    const nonce = token(this.#deps.entropy, 32);
    this.#nonces.set(nonce, this.#deps.clock.now());
    return nonce;
  }

  async register(request: SharedSecretRequest): Promise<UserId> {
    const issuedAt = this.#nonces.get(request.nonce);
    this.#nonces.delete(request.nonce);
    if (issuedAt === undefined || this.#deps.clock.now() - issuedAt > NONCE_LIFETIME_MS) {
      throw new MatrixError('M_UNKNOWN', 'unrecognised nonce', { status: 400 });
    }
    if (!isMacOf(this.#deps.secret, request)) throw new MatrixError('M_FORBIDDEN', 'HMAC incorrect');
    const { admin, password, username } = request;
    return this.#deps.accounts.createUser({ name: username, password, admin });
  }
}

/** HMAC-SHA1 over nonce, name, password and rights, with NULs between: what Synapse's tools send. */
const isMacOf = (secret: string, { nonce, username, password, admin, userType, mac }: SharedSecretRequest): boolean => {
  const parts = [
    nonce,
    username,
    password,
    admin ? 'admin' : 'notadmin',
    ...(userType === undefined ? [] : [userType]),
  ];
  const expected = createHmac('sha1', secret).update(parts.join('\0')).digest();
  const given = Buffer.from(mac, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
};

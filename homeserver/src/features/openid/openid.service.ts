import { hash } from 'node:crypto';
import { MatrixError } from '@holm/spec/errors';
import type { UserId } from '@holm/spec/ids';
import type { Clock } from '../../platform/clock.ts';
import { type Entropy, token } from '../../platform/entropy.ts';
import type { Database } from '../../storage/database.ts';
import { type Holder, openIdStore as store } from './openid.store.ts';

export interface OpenIdDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly entropy: Entropy;
}

export const LIFETIME_SECONDS = 3_600;
const TOKEN_LENGTH = 40;

/** Tokens by which a user proves to a service who they are. They are good for nothing else. */
export class OpenId {
  readonly #deps: OpenIdDeps;

  constructor(deps: OpenIdDeps) {
    this.#deps = deps;
  }

  async issue(holder: Holder): Promise<string> {
    const { db, clock, entropy } = this.#deps;
    const raw = token(entropy, TOKEN_LENGTH);
    await store.put(db, hashOf(raw), holder, clock.now() + LIFETIME_SECONDS * 1_000);
    return raw;
  }

  /** M_UNKNOWN_TOKEN for one that was never given out, is too old, or belongs to an account that is closed. */
  async userOf(raw: string): Promise<UserId> {
    const holder = await this.holderOf(raw);
    if (!holder) throw new MatrixError('M_UNKNOWN_TOKEN', 'this token is unknown, or too old');
    return holder.userId;
  }

  /** For services of this server. The device may have been logged out since. */
  holderOf(raw: string): Promise<Holder | undefined> {
    const { db, clock } = this.#deps;
    return store.holderOf(db, hashOf(raw), clock.now());
  }

  async forgetExpired(): Promise<void> {
    await store.removeExpired(this.#deps.db, this.#deps.clock.now());
  }
}

/** What is kept instead of the token: whoever reads the database cannot say that they are somebody else. */
const hashOf = (raw: string): string => hash('sha256', raw, 'base64url');

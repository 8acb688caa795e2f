import { MatrixError } from '@holm/spec/errors';
import type { Entropy } from '../../platform/entropy.ts';
import { Bounded } from './bounded.ts';
import { decoyHash, hashPassword, isStale, SALT_BYTES, verifyPassword } from './password-hash.ts';

export interface PasswordSettings {
  /** Base-2 logarithm of scrypt's cost. 16 takes 64 MiB and about a tenth of a second; tests go far lower. */
  readonly cost: number;
  readonly minimumLength: number;
}

/** Each hash takes a thread of the pool, which also serves files and name look-ups. */
const AT_ONCE = 2;
const WAITING = 200;

/** Hashes and compares passwords, a few at a time. */
export class Passwords {
  readonly #settings: PasswordSettings;
  readonly #entropy: Entropy;
  readonly #bounded = new Bounded(AT_ONCE, WAITING);
  readonly #decoy: string;

  constructor(settings: PasswordSettings, entropy: Entropy) {
    this.#settings = settings;
    this.#entropy = entropy;
    this.#decoy = decoyHash(settings.cost, entropy.bytes(64));
  }

  /** M_WEAK_PASSWORD for what we would not accept as a new password. */
  assertStrong(password: string): void {
    const { minimumLength } = this.#settings;
    if (password.length >= minimumLength) return;
    throw new MatrixError('M_WEAK_PASSWORD', `a password needs at least ${minimumLength} characters`);
  }

  hash(password: string): Promise<string> {
    return this.#run(() => hashPassword(password, this.#settings.cost, this.#entropy.bytes(SALT_BYTES)));
  }

  /** Takes as long where there is nothing to compare with. */
  verify(password: string, stored: string | null | undefined): Promise<boolean> {
    return this.#run(() => verifyPassword(password, stored ?? this.#decoy));
  }

  /** A new hash where the stored one was made at another cost than today's. */
  async renewed(password: string, stored: string): Promise<string | undefined> {
    return isStale(stored, this.#settings.cost) ? this.hash(password) : undefined;
  }

  #run<T>(work: () => Promise<T>): Promise<T> {
    const running = this.#bounded.run(work);
    if (running) return running;
    throw new MatrixError('M_LIMIT_EXCEEDED', 'too many people are logging in', { extra: { retry_after_ms: 2000 } });
  }
}

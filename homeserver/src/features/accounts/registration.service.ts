import { MatrixError } from '@holm/spec/errors';
import type { UserId } from '@holm/spec/ids';
import type { Clock, UnixMillis } from '../../platform/clock.ts';
import type { Entropy } from '../../platform/entropy.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { Accounts } from './accounts.service.ts';
import { accountsStore } from './accounts.store.ts';
import type { Passwords } from './passwords.service.ts';
import { registrationTokensStore as store } from './registration-tokens.store.ts';
import { isSameSecret } from './same-secret.ts';
import type { OpenedSession, Sessions } from './sessions.service.ts';
import { randomRegistrationToken, randomUsername } from './username.ts';

/** Who may open an account. Whoever has the sign-up link, or a token that was issued, may in any case. */
export interface RegistrationSettings {
  /** Anybody. */
  readonly open: boolean;
  /** Whoever knows one of these. They hold as long as they are configured, for any number of accounts. */
  readonly tokens: readonly string[];
}

export interface RegistrationDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly accounts: Accounts;
  readonly passwords: Passwords;
  readonly sessions: Sessions;
  readonly settings: RegistrationSettings;
}

export interface RegistrationWish {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly deviceId?: string | undefined;
  readonly displayName?: string | undefined;
  readonly inhibitLogin?: boolean | undefined;
  /** The registration token that was shown, if that was the way in. */
  readonly token?: string | undefined;
}

export const BY_TOKEN = 'm.login.registration_token';
export const BY_NOTHING = 'm.login.dummy';
const TOKEN = /^[A-Za-z0-9._~-]{1,64}$/;

/** How accounts come to be. */
export class Registration {
  readonly #deps: RegistrationDeps;

  constructor(deps: RegistrationDeps) {
    this.#deps = deps;
  }

  /** What user-interactive authentication may consist of. M_FORBIDDEN where nobody may register. */
  async flows(): Promise<readonly (readonly string[])[]> {
    const { clock, db, settings } = this.#deps;
    const byToken = settings.tokens.length > 0 || (await store.anyUsable(db, clock.now()));
    const flows = [...(settings.open ? [[BY_NOTHING]] : []), ...(byToken ? [[BY_TOKEN]] : [])];
    if (flows.length === 0) throw new MatrixError('M_FORBIDDEN', 'registration is closed on this server');
    return flows;
  }

  /** What must be refused before a client is asked to authenticate. */
  async assertPossible({ username, password }: RegistrationWish): Promise<void> {
    if (username !== undefined) await this.assertAvailable(username);
    if (password !== undefined) this.#deps.passwords.assertStrong(password);
  }

  /** M_INVALID_USERNAME or M_USER_IN_USE unless an account of this name could be opened now. */
  async assertAvailable(username: string): Promise<void> {
    const { accounts } = this.#deps;
    if (await accounts.exists(accounts.userIdFor(username))) {
      throw new MatrixError('M_USER_IN_USE', 'this user name is taken');
    }
  }

  async isUsable(token: string): Promise<boolean> {
    if (!TOKEN.test(token)) return false;
    const { clock, db } = this.#deps;
    return this.#isConfigured(token) || (await store.usable(db, token, clock.now())) !== undefined;
  }

  /** The way in has been checked already; only the token, which others may have used up meanwhile, is looked at again. */
  async register(wish: RegistrationWish): Promise<{ userId: UserId; session: OpenedSession | undefined }> {
    const { accounts, db, entropy, passwords, sessions } = this.#deps;
    const { password } = wish;
    if (password === undefined) throw new MatrixError('M_MISSING_PARAM', 'a password is missing');
    passwords.assertStrong(password);
    const userId = accounts.userIdFor(wish.username ?? randomUsername(entropy));
    const passwordHash = await passwords.hash(password);
    return db.transact(async (tx) => {
      const admin = wish.token !== undefined && (await this.#use(tx, wish.token));
      await accounts.open(tx, { userId, passwordHash, admin });
      if (wish.inhibitLogin) return { userId, session: undefined };
      const { deviceId: id, displayName } = wish;
      const device = { ...(id !== undefined && { id }), ...(displayName !== undefined && { displayName }) };
      return { userId, session: await sessions.open(tx, userId, device) };
    });
  }

  /** A token for others to register with. `usesAllowed` null is any number. */
  async issueToken(limits: { usesAllowed: number | null; expiresAt: UnixMillis | null }): Promise<string> {
    const { clock, db, entropy } = this.#deps;
    const token = randomRegistrationToken(entropy);
    await db.transact((tx) => store.put(tx, token, { ...limits, now: clock.now() }));
    return token;
  }

  /**
   * The token whose account becomes administrator: made when there is no account yet, the same until it has been used
   * or an administrator exists by other means.
   *
   * It is stored as it is, because it must be shown again; whoever can read the database needs no link.
   */
  signUpToken(): Promise<string | undefined> {
    const { clock, db, entropy } = this.#deps;
    return db.transact(async (tx) => {
      if (await accountsStore.anyAdminExists(tx)) {
        await store.removeUnusedSignUp(tx);
        return undefined;
      }
      if (!(await accountsStore.anyExists(tx))) {
        await store.putSignUp(tx, randomRegistrationToken(entropy), clock.now());
      }
      return store.unusedSignUp(tx);
    });
  }

  #isConfigured(token: string): boolean {
    return this.#deps.settings.tokens.some((configured) => isSameSecret(configured, token));
  }

  /** Resolves to whether its account is to be an administrator. */
  async #use(tx: Tx, token: string): Promise<boolean> {
    if (this.#isConfigured(token)) return false;
    const used = await store.use(tx, token, this.#deps.clock.now());
    if (!used) throw new MatrixError('M_FORBIDDEN', 'this registration token has been used up');
    return used.makesAdmin;
  }
}

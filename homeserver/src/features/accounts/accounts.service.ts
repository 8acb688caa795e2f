import { MatrixError } from '@holm/spec/errors';
import type { ServerName, UserId } from '@holm/spec/ids';
import type { Caller } from '../../http/route.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Database, Tx } from '../../storage/database.ts';
import { type Account, accountsStore as store } from './accounts.store.ts';
import type { Passwords } from './passwords.service.ts';
import { registrationTokensStore } from './registration-tokens.store.ts';
import type { OpenedSession, Sessions } from './sessions.service.ts';
import { accountsTelemetry } from './telemetry.ts';
import { userIdFor, userIdMeantBy } from './username.ts';

export interface AccountsDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly serverName: ServerName;
  readonly passwords: Passwords;
  readonly sessions: Sessions;
}

export interface NewAccount {
  readonly userId: UserId;
  /** None: nobody can log in with a password. */
  readonly passwordHash: string | null;
  readonly admin: boolean;
}

export interface LoginAttempt {
  /** A full user id or its localpart. */
  readonly user: string;
  readonly password: string;
  readonly deviceId?: string | undefined;
  readonly displayName?: string | undefined;
}

/** Who has an account here, and the ways in and out of one. */
export class Accounts {
  readonly #deps: AccountsDeps;
  readonly #telemetry: ReturnType<typeof accountsTelemetry>;
  readonly #deactivationListeners: ((userId: UserId, erase: boolean) => void)[] = [];

  constructor(deps: AccountsDeps) {
    this.#deps = deps;
    this.#telemetry = accountsTelemetry(deps.metrics);
  }

  /** Tells of accounts that have been deactivated, and whether what they leave behind is to be erased. */
  onDeactivated(listener: (userId: UserId, erase: boolean) => void): void {
    this.#deactivationListeners.push(listener);
  }

  /** The account's id, as `name` says it, or M_INVALID_USERNAME. */
  userIdFor(name: string): UserId {
    const userId = userIdFor(name, this.#deps.serverName);
    if (!userId) {
      throw new MatrixError('M_INVALID_USERNAME', 'a user name consists of a-z, 0-9 and the characters . _ = - / +');
    }
    return userId;
  }

  /** The account that somebody means by a full user id or a localpart, or M_NOT_FOUND. */
  async find(written: string): Promise<UserId> {
    const userId = userIdMeantBy(written, this.#deps.serverName);
    if (!userId || !(await this.exists(userId))) throw new MatrixError('M_NOT_FOUND', 'there is no such account');
    return userId;
  }

  exists(userId: UserId): Promise<boolean> {
    return store.exists(this.#deps.db, userId);
  }

  /** Whether there was an account that has been closed. */
  async isClosed(userId: UserId): Promise<boolean> {
    const account = await store.get(this.#deps.db, userId);
    return account !== undefined && account.deactivatedAt !== null;
  }

  async isAdmin(userId: UserId): Promise<boolean> {
    const account = await store.get(this.#deps.db, userId);
    return account !== undefined && account.admin && account.deactivatedAt === null;
  }

  /** Writes the account down, or M_USER_IN_USE. */
  async open(tx: Tx, { userId, passwordHash, admin }: NewAccount): Promise<void> {
    const account: Account = { userId, passwordHash, admin, createdAt: this.#deps.clock.now(), deactivatedAt: null };
    if (!(await store.put(tx, account))) throw new MatrixError('M_USER_IN_USE', 'this user name is taken');
    if (admin) await registrationTokensStore.removeUnusedSignUp(tx);
    tx.afterCommit(() => {
      this.#telemetry.created.add(1, {});
      this.#deps.log.info('account created', { userId, admin });
    });
  }

  /** Nobody learns, by answer or by time, whether it was the name or the password that was wrong. */
  async logIn(attempt: LoginAttempt): Promise<OpenedSession & { readonly userId: UserId }> {
    const { db, passwords, serverName, sessions } = this.#deps;
    const userId = userIdMeantBy(attempt.user, serverName);
    const account = userId && (await store.get(db, userId));
    const matches = await passwords.verify(attempt.password, account?.passwordHash);
    if (!account?.passwordHash || !matches) throw this.#refused();
    const verified = account.passwordHash;
    const renewed = await passwords.renewed(attempt.password, verified);
    return db.transact(async (tx) => {
      const locked = await store.lock(tx, account.userId);
      // Somebody changed the password, or closed the account, while we were hashing.
      if (locked?.passwordHash !== verified) throw this.#refused();
      if (renewed !== undefined) await store.setPassword(tx, account.userId, renewed);
      const { deviceId: id, displayName } = attempt;
      const device = { ...(id !== undefined && { id }), ...(displayName !== undefined && { displayName }) };
      tx.afterCommit(() => this.#telemetry.logins.add(1, { outcome: 'accepted' }));
      return { userId: account.userId, ...(await sessions.open(tx, account.userId, device)) };
    });
  }

  /** True when `user`, as somebody writes it, is `userId` and this is the password. */
  async isPasswordOf(userId: UserId, user: string, password: string): Promise<boolean> {
    const { db, passwords, serverName } = this.#deps;
    const account = userIdMeantBy(user, serverName) === userId ? await store.get(db, userId) : undefined;
    return (await passwords.verify(password, account?.passwordHash)) && account !== undefined;
  }

  async changePassword(caller: Caller, newPassword: string, logOutOthers: boolean): Promise<void> {
    await this.#setPassword(caller.userId, newPassword, async (tx) => {
      if (logOutOthers) await this.#deps.sessions.endOthers(tx, caller.userId, caller.deviceId);
    });
  }

  /** For the administrator at the command line: a new password, and all sessions end. */
  async resetPassword(userId: UserId, newPassword: string): Promise<void> {
    await this.#setPassword(userId, newPassword, (tx) => this.#deps.sessions.endOthers(tx, userId, undefined));
  }

  /** Opens an account without asking anybody, for the command line and for whoever knows the shared secret. */
  async createUser(user: { name: string; password: string; admin?: boolean }): Promise<UserId> {
    const { db, passwords } = this.#deps;
    const userId = this.userIdFor(user.name);
    passwords.assertStrong(user.password);
    const passwordHash = await passwords.hash(user.password);
    await db.transact((tx) => this.open(tx, { userId, passwordHash, admin: user.admin ?? false }));
    return userId;
  }

  async makeAdmin(userId: UserId): Promise<void> {
    const changed = await this.#deps.db.transact(async (tx) => {
      const found = await store.makeAdmin(tx, userId);
      if (found) await registrationTokensStore.removeUnusedSignUp(tx);
      return found;
    });
    if (!changed) throw new MatrixError('M_NOT_FOUND', 'there is no such account');
  }

  /** The id stays taken for ever: another person must not be mistaken for this one. */
  async deactivate(userId: UserId, erase = false): Promise<void> {
    const { clock, db, log, sessions } = this.#deps;
    await db.transact(async (tx) => {
      if (!(await store.lock(tx, userId))) throw new MatrixError('M_NOT_FOUND', 'there is no such account');
      await store.deactivate(tx, userId, clock.now());
      await sessions.endOthers(tx, userId, undefined);
      tx.afterCommit(() => {
        log.info('account deactivated', { userId });
        for (const listener of this.#deactivationListeners) listener(userId, erase);
      });
    });
  }

  #refused(): MatrixError {
    this.#telemetry.logins.add(1, { outcome: 'refused' });
    return new MatrixError('M_FORBIDDEN', 'wrong user name or password');
  }

  async #setPassword(userId: UserId, password: string, andThen: (tx: Tx) => Promise<void>): Promise<void> {
    const { db, passwords } = this.#deps;
    passwords.assertStrong(password);
    const passwordHash = await passwords.hash(password);
    await db.transact(async (tx) => {
      const account = await store.lock(tx, userId);
      if (account?.deactivatedAt !== null) throw new MatrixError('M_NOT_FOUND', 'there is no such account');
      await store.setPassword(tx, userId, passwordHash);
      await andThen(tx);
    });
  }
}

import type { UserId } from '@holm/spec/ids';
import type { UnixMillis } from '../../platform/clock.ts';
import type { ReadTx, Tx } from '../../storage/database.ts';
import { sql } from '../../storage/sql.ts';

export interface Account {
  readonly userId: UserId;
  /** None when nobody may log in with a password. */
  readonly passwordHash: string | null;
  readonly admin: boolean;
  readonly createdAt: UnixMillis;
  readonly deactivatedAt: UnixMillis | null;
}

const COLUMNS = `user_id AS "userId", password_hash AS "passwordHash", admin, created_at AS "createdAt",
  deactivated_at AS "deactivatedAt"`;
const BY_ID = `SELECT ${COLUMNS} FROM accounts WHERE user_id = $1`;

export const accountsStore = {
  async get(tx: ReadTx, userId: UserId): Promise<Account | undefined> {
    const [account] = await tx.rows<Account>({ name: 'account', text: BY_ID, values: [userId] });
    return account;
  },

  /**
   * Keeps others from opening or ending this account's sessions until the transaction is over. Everything that writes
   * sessions takes this lock first.
   */
  async lock(tx: Tx, userId: UserId): Promise<Account | undefined> {
    const [account] = await tx.rows<Account>({
      name: 'account-lock',
      text: `${BY_ID} FOR NO KEY UPDATE`,
      values: [userId],
    });
    return account;
  },

  /** False when the id is taken; deactivated accounts keep theirs. */
  async put(tx: Tx, account: Account): Promise<boolean> {
    const written = await tx.run(sql`
      INSERT INTO accounts (user_id, password_hash, admin, created_at, deactivated_at)
      VALUES (${account.userId}, ${account.passwordHash}, ${account.admin}, ${account.createdAt}, ${account.deactivatedAt})
      ON CONFLICT DO NOTHING`);
    return written > 0;
  },

  async setPassword(tx: Tx, userId: UserId, hash: string): Promise<void> {
    await tx.run(sql`UPDATE accounts SET password_hash = ${hash} WHERE user_id = ${userId}`);
  },

  /** False when there is no such account. */
  async makeAdmin(tx: Tx, userId: UserId): Promise<boolean> {
    return (await tx.run(sql`UPDATE accounts SET admin = true WHERE user_id = ${userId}`)) > 0;
  },

  /** Nobody can log in any more, and it has no rights. */
  async deactivate(tx: Tx, userId: UserId, at: UnixMillis): Promise<void> {
    await tx.run(sql`
      UPDATE accounts SET password_hash = NULL, admin = false, deactivated_at = ${at} WHERE user_id = ${userId}`);
  },

  async exists(tx: ReadTx, userId: UserId): Promise<boolean> {
    return (await tx.rows(sql`SELECT 1 FROM accounts WHERE user_id = ${userId}`)).length > 0;
  },

  async anyExists(tx: ReadTx): Promise<boolean> {
    return (await tx.rows(sql`SELECT 1 FROM accounts LIMIT 1`)).length > 0;
  },

  async anyAdminExists(tx: ReadTx): Promise<boolean> {
    return (await tx.rows(sql`SELECT 1 FROM accounts WHERE admin AND deactivated_at IS NULL LIMIT 1`)).length > 0;
  },
};

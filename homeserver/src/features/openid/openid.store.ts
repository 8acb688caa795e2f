import type { UserId } from '@holm/spec/ids';
import type { UnixMillis } from '../../platform/clock.ts';
import type { Database, ReadTx } from '../../storage/database.ts';
import { sql } from '../../storage/sql.ts';

export const openIdStore = {
  put: (tx: ReadTx, hash: string, user: UserId, expiresAt: number): Promise<unknown> =>
    tx.rows(sql`INSERT INTO openid_tokens (hash, user_id, expires_at) VALUES (${hash}, ${user}, ${expiresAt})`),

  async userOf(tx: ReadTx, hash: string, now: UnixMillis): Promise<UserId | undefined> {
    const [row] = await tx.rows<{ user_id: UserId }>(sql`
      SELECT t.user_id FROM openid_tokens t JOIN accounts a USING (user_id)
       WHERE t.hash = ${hash} AND t.expires_at > ${now} AND a.deactivated_at IS NULL`);
    return row?.user_id;
  },

  removeExpired: (db: Database, now: UnixMillis): Promise<number> =>
    db.run(sql`DELETE FROM openid_tokens WHERE expires_at <= ${now}`),
};

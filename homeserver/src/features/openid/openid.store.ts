import type { DeviceId, UserId } from '@holm/spec/ids';
import type { UnixMillis } from '../../platform/clock.ts';
import type { Database, ReadTx } from '../../storage/database.ts';
import { sql } from '../../storage/sql.ts';

/** Who asked for a token, and on which device. */
export interface Holder {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
}

export const openIdStore = {
  put: (tx: ReadTx, hash: string, { userId, deviceId }: Holder, expiresAt: number): Promise<unknown> =>
    tx.rows(sql`
      INSERT INTO openid_tokens (hash, user_id, device_id, expires_at)
      VALUES (${hash}, ${userId}, ${deviceId}, ${expiresAt})`),

  async holderOf(tx: ReadTx, hash: string, now: UnixMillis): Promise<Holder | undefined> {
    const [row] = await tx.rows<{ user_id: UserId; device_id: DeviceId }>(sql`
      SELECT t.user_id, t.device_id FROM openid_tokens t JOIN accounts a USING (user_id)
       WHERE t.hash = ${hash} AND t.expires_at > ${now} AND a.deactivated_at IS NULL`);
    return row && { userId: row.user_id, deviceId: row.device_id };
  },

  removeExpired: (db: Database, now: UnixMillis): Promise<number> =>
    db.run(sql`DELETE FROM openid_tokens WHERE expires_at <= ${now}`),
};

import type { UnixMillis } from '../../platform/clock.ts';
import type { ReadTx, Tx } from '../../storage/database.ts';
import { sql } from '../../storage/sql.ts';

export interface RegistrationToken {
  readonly token: string;
  readonly makesAdmin: boolean;
}

export const registrationTokensStore = {
  /** A token that would be accepted at `now`. */
  async usable(tx: ReadTx, token: string, now: UnixMillis): Promise<RegistrationToken | undefined> {
    const [row] = await tx.rows<RegistrationToken>(sql`
      SELECT token, makes_admin AS "makesAdmin" FROM registration_tokens
       WHERE token = ${token} AND (uses_allowed IS NULL OR uses < uses_allowed)
         AND (expires_at IS NULL OR expires_at > ${now})`);
    return row;
  },

  async anyUsable(tx: ReadTx, now: UnixMillis): Promise<boolean> {
    const rows = await tx.rows(sql`
      SELECT 1 FROM registration_tokens
       WHERE (uses_allowed IS NULL OR uses < uses_allowed) AND (expires_at IS NULL OR expires_at > ${now}) LIMIT 1`);
    return rows.length > 0;
  },

  /** Uses it up by one; undefined when somebody else was faster. */
  async use(tx: Tx, token: string, now: UnixMillis): Promise<RegistrationToken | undefined> {
    const [row] = await tx.rows<RegistrationToken>(sql`
      UPDATE registration_tokens SET uses = uses + 1
       WHERE token = ${token} AND (uses_allowed IS NULL OR uses < uses_allowed)
         AND (expires_at IS NULL OR expires_at > ${now})
      RETURNING token, makes_admin AS "makesAdmin"`);
    return row;
  },

  async put(
    tx: Tx,
    token: string,
    { usesAllowed, expiresAt, now }: { usesAllowed: number | null; expiresAt: number | null; now: UnixMillis },
  ): Promise<boolean> {
    const written = await tx.run(sql`
      INSERT INTO registration_tokens (token, uses_allowed, uses, expires_at, makes_admin, created_at)
      VALUES (${token}, ${usesAllowed}, 0, ${expiresAt}, false, ${now}) ON CONFLICT DO NOTHING`);
    return written > 0;
  },

  /** The sign-up link of the first start. There is at most one, so this does nothing where there is one. */
  async putSignUp(tx: Tx, token: string, now: UnixMillis): Promise<void> {
    await tx.run(sql`
      INSERT INTO registration_tokens (token, uses_allowed, uses, expires_at, makes_admin, created_at)
      VALUES (${token}, 1, 0, NULL, true, ${now}) ON CONFLICT DO NOTHING`);
  },

  async unusedSignUp(tx: ReadTx): Promise<string | undefined> {
    const [row] = await tx.rows<RegistrationToken>(
      sql`SELECT token FROM registration_tokens WHERE makes_admin AND uses < uses_allowed`,
    );
    return row?.token;
  },

  /** An administrator exists by other means, so nobody needs the link. */
  async removeUnusedSignUp(tx: Tx): Promise<void> {
    await tx.run(sql`DELETE FROM registration_tokens WHERE makes_admin AND uses = 0`);
  },
};

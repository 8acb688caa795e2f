import type { UserId } from '@holm/spec/ids';
import type { ReadTx, Tx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { Profile } from './profile.ts';

export interface StoredProfile {
  readonly fields: Profile;
  /** Counts the changes that rooms are to be told of. */
  readonly version: number;
  /** The version that they have been told of. */
  readonly propagated: number;
}

const NOTHING: StoredProfile = { fields: {}, version: 0, propagated: 0 };

export const profilesStore = {
  async get(tx: ReadTx, userId: UserId): Promise<StoredProfile> {
    const [row] = await tx.rows<StoredProfile>(
      named('profile', sql`SELECT fields, version, propagated FROM profiles WHERE user_id = ${userId}`),
    );
    return row ?? NOTHING;
  },

  /** What is there, kept from changing under the caller until the transaction is over. */
  async lock(tx: Tx, userId: UserId): Promise<StoredProfile> {
    await tx.run(sql`
      INSERT INTO profiles (user_id, fields, version, propagated) VALUES (${userId}, '{}', 0, 0)
      ON CONFLICT DO NOTHING`);
    const [row] = await tx.rows<StoredProfile>(
      sql`SELECT fields, version, propagated FROM profiles WHERE user_id = ${userId} FOR UPDATE`,
    );
    return row ?? NOTHING;
  },

  async put(tx: Tx, userId: UserId, fields: Profile, version: number): Promise<void> {
    await tx.run(sql`
      UPDATE profiles SET fields = ${JSON.stringify(fields)}, version = ${version} WHERE user_id = ${userId}`);
  },

  async markPropagated(tx: Tx, userId: UserId, version: number): Promise<void> {
    await tx.run(sql`
      UPDATE profiles SET propagated = ${version} WHERE user_id = ${userId} AND propagated < ${version}`);
  },

  /** Whose rooms have not been told yet. */
  async unpropagated(tx: ReadTx): Promise<UserId[]> {
    const rows = await tx.rows<{ user_id: UserId }>(sql`SELECT user_id FROM profiles WHERE propagated < version`);
    return rows.map(({ user_id }) => user_id);
  },
};

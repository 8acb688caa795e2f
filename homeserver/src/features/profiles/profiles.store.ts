import type { UserId } from '@holm/spec/ids';
import type { ReadTx, Tx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { RoomNid } from '../../rooms/model.ts';
import type { Position } from '../../streams/stream.ts';
import type { ChangedFields } from './changed-fields.ts';
import type { Profile } from './profile.ts';

export interface StoredProfile {
  readonly fields: Profile;
  /** Counts the changes that rooms are to be told of. */
  readonly version: number;
  /** The version that they have been told of. */
  readonly propagated: number;
  readonly changed: ChangedFields;
}

/** For those who follow. */
export interface ChangedProfile {
  readonly user_id: UserId;
  readonly fields: Profile;
  readonly changed: ChangedFields;
  readonly position: Position;
}

interface Changed {
  readonly reader: UserId;
  readonly rooms: readonly RoomNid[];
  readonly after: Position;
  readonly limit: number;
}

const NOTHING: StoredProfile = { fields: {}, version: 0, propagated: 0, changed: {} };

export const profilesStore = {
  async get(tx: ReadTx, userId: UserId): Promise<StoredProfile> {
    const [row] = await tx.rows<StoredProfile>(
      named('profile', sql`SELECT fields, version, propagated, changed FROM profiles WHERE user_id = ${userId}`),
    );
    return row ?? NOTHING;
  },

  /** What is there, kept from changing under the caller until the transaction is over. */
  async lock(tx: Tx, userId: UserId): Promise<StoredProfile> {
    await tx.run(sql`
      INSERT INTO profiles (user_id, fields, version, propagated) VALUES (${userId}, '{}', 0, 0)
      ON CONFLICT DO NOTHING`);
    const [row] = await tx.rows<StoredProfile>(
      sql`SELECT fields, version, propagated, changed FROM profiles WHERE user_id = ${userId} FOR UPDATE`,
    );
    return row ?? NOTHING;
  },

  async put(
    tx: Tx,
    userId: UserId,
    { fields, version, changed }: Omit<StoredProfile, 'propagated'>,
    position: Position,
  ): Promise<void> {
    await tx.run(sql`
      UPDATE profiles SET fields = ${JSON.stringify(fields)}, version = ${version},
             changed = ${JSON.stringify(changed)}, position = ${position} WHERE user_id = ${userId}`);
  },

  /** Of the reader, and of those who are in one of the rooms, in the order of their last changes. */
  changedSince: (tx: ReadTx, { reader, rooms, after, limit }: Changed): Promise<ChangedProfile[]> =>
    tx.rows(
      named(
        'profiles.changed',
        sql`SELECT user_id, fields, changed, position FROM profiles p
             WHERE position > ${after} AND position > 0
               AND (user_id = ${reader}
                    OR EXISTS (SELECT FROM memberships m WHERE m.user_id = p.user_id AND m.membership = 'join'
                                  AND m.room_nid = ANY(${rooms}::int[])))
             ORDER BY position LIMIT ${limit}`,
      ),
    ),

  all: (tx: ReadTx, users: readonly UserId[]): Promise<Pick<ChangedProfile, 'user_id' | 'fields'>[]> =>
    tx.rows(named('profiles.all', sql`SELECT user_id, fields FROM profiles WHERE user_id = ANY(${users}::text[])`)),

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

import type { UserId } from '@holm/spec/ids';
import type { Database, ReadTx, Tx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { BackedUpKey } from './key-texts.ts';

export interface Backup {
  readonly version: number;
  readonly algorithm: string;
  /** JSON. */
  readonly authData: string;
  /** Counts changes of the keys. */
  readonly etag: number;
  readonly deleted: boolean;
}

/** Which keys: all, those of a room, or that of one session. */
export type Selection =
  { readonly roomId?: string; readonly sessionId?: never } | { readonly roomId: string; readonly sessionId: string };

const BACKUP = 'version, algorithm, auth_data AS "authData", etag, deleted';

export const keyBackupStore = {
  /** A number that no backup of the user ever had. */
  async add(tx: Tx, user: UserId, { algorithm, authData }: Pick<Backup, 'algorithm' | 'authData'>): Promise<number> {
    // Two at the same time would get the same number.
    await tx.rows(sql`SELECT FROM accounts WHERE user_id = ${user} FOR UPDATE`);
    const [row] = await tx.rows<{ version: number }>(sql`
      INSERT INTO key_backups (user_id, version, algorithm, auth_data)
      SELECT ${user}, coalesce(max(version), 0) + 1, ${algorithm}, ${authData} FROM key_backups WHERE user_id = ${user}
      RETURNING version`);
    if (!row) throw new Error('the backup was not written');
    return row.version;
  },

  /** Of a deleted one, that it was there. */
  async find(tx: ReadTx, user: UserId, version: number): Promise<Backup | undefined> {
    const [row] = await tx.rows<Backup>({
      text: `SELECT ${BACKUP} FROM key_backups WHERE user_id = $1 AND version = $2`,
      values: [user, version],
    });
    return row;
  },

  /** The newest that is not deleted. */
  async current(tx: ReadTx, user: UserId): Promise<Backup | undefined> {
    const [row] = await tx.rows<Backup>({
      text: `SELECT ${BACKUP} FROM key_backups WHERE user_id = $1 AND NOT deleted ORDER BY version DESC LIMIT 1`,
      values: [user],
    });
    return row;
  },

  /** Lets nobody else change the backup until the transaction ends. */
  async lock(tx: Tx, user: UserId, version: number): Promise<void> {
    await tx.rows(sql`SELECT FROM key_backups WHERE user_id = ${user} AND version = ${version} FOR UPDATE`);
  },

  async setAuthData(tx: ReadTx, user: UserId, version: number, authData: string): Promise<void> {
    await tx.rows(sql`UPDATE key_backups SET auth_data = ${authData} WHERE user_id = ${user} AND version = ${version}`);
  },

  /** The number stays taken. */
  async remove(tx: Tx, user: UserId, version: number): Promise<void> {
    await tx.run(sql`DELETE FROM key_backup_sessions WHERE user_id = ${user} AND version = ${version}`);
    await tx.run(sql`
      UPDATE key_backups SET deleted = true, auth_data = '{}' WHERE user_id = ${user} AND version = ${version}`);
  },

  removeAll: (db: Database, user: UserId): Promise<number> =>
    db.run(sql`DELETE FROM key_backups WHERE user_id = ${user}`),

  async count(tx: ReadTx, user: UserId, version: number): Promise<number> {
    const [row] = await tx.rows<{ count: number }>(sql`
      SELECT count(*)::int AS count FROM key_backup_sessions WHERE user_id = ${user} AND version = ${version}`);
    return row?.count ?? 0;
  },

  async touch(tx: Tx, user: UserId, version: number): Promise<void> {
    await tx.run(sql`UPDATE key_backups SET etag = etag + 1 WHERE user_id = ${user} AND version = ${version}`);
  },

  /**
   * Stores keys, but none that is worse than the one there is: https://spec.matrix.org/latest/client-server-api/#server-side-key-backups
   * Resolves to the number of those stored.
   */
  put: (tx: Tx, user: UserId, version: number, keys: readonly BackedUpKey[]): Promise<number> =>
    tx.run(
      named(
        'key_backup.put',
        sql`
      INSERT INTO key_backup_sessions AS s (user_id, version, room_id, session_id, first_message_index,
                                            forwarded_count, is_verified, session_data)
      SELECT ${user}, ${version}, * FROM unnest(
        ${keys.map(({ roomId }) => roomId)}::text[], ${keys.map(({ sessionId }) => sessionId)}::text[],
        ${keys.map(({ firstMessageIndex }) => firstMessageIndex)}::bigint[],
        ${keys.map(({ forwardedCount }) => forwardedCount)}::bigint[],
        ${keys.map(({ isVerified }) => isVerified)}::boolean[], ${keys.map(({ sessionData }) => sessionData)}::text[])
      ON CONFLICT (user_id, version, room_id, session_id) DO UPDATE
         SET first_message_index = EXCLUDED.first_message_index, forwarded_count = EXCLUDED.forwarded_count,
             is_verified = EXCLUDED.is_verified, session_data = EXCLUDED.session_data
       WHERE (NOT EXCLUDED.is_verified, EXCLUDED.first_message_index, EXCLUDED.forwarded_count)
           < (NOT s.is_verified, s.first_message_index, s.forwarded_count)`,
      ),
    ),

  keys(tx: ReadTx, user: UserId, version: number, selection: Selection): Promise<BackedUpKey[]> {
    const { where, values } = selected(user, version, selection);
    return tx.rows({
      text: `
      SELECT room_id AS "roomId", session_id AS "sessionId", first_message_index AS "firstMessageIndex",
             forwarded_count AS "forwardedCount", is_verified AS "isVerified", session_data AS "sessionData"
        FROM key_backup_sessions WHERE ${where} ORDER BY room_id, session_id`,
      values,
    });
  },

  removeKeys(tx: Tx, user: UserId, version: number, selection: Selection): Promise<number> {
    const { where, values } = selected(user, version, selection);
    return tx.run({ text: `DELETE FROM key_backup_sessions WHERE ${where}`, values });
  },
};

/** Of a backup, or of a room in it, or one session: three statements, for three plans. */
const selected = (user: UserId, version: number, { roomId, sessionId }: Selection) => {
  const parts = ['user_id = $1 AND version = $2', 'room_id = $3', 'session_id = $4'];
  const values = [user, version, roomId, sessionId].filter((value) => value !== undefined);
  return { where: parts.slice(0, values.length - 1).join(' AND '), values };
};

import type { DeviceId, ServerName, UserId } from '@holm/spec/ids';
import type { RoomNid } from '../../rooms/model.ts';
import type { Database, ReadTx, Tx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';

/** How much of a user's list is known. */
export interface ListStatus {
  /** Absent until it has been fetched. */
  readonly streamId: number | null;
  readonly stale: boolean;
  readonly marked: number;
  readonly attempts: number;
}

export interface RemoteDevice {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  /** JSON of its keys. */
  readonly json: string;
  readonly displayName: string | null;
}

export interface RemoteIdentity {
  readonly userId: UserId;
  /** JSON of the keys for cross-signing. */
  readonly master: string | null;
  readonly selfSigning: string | null;
}

const SHARES_NO_ROOM = `NOT EXISTS (
  SELECT FROM memberships theirs JOIN memberships ours USING (room_nid)
   WHERE theirs.user_id = r.user_id AND theirs.membership = 'join' AND ours.membership = 'join' AND ours.server = $1)`;

export const remoteListsStore = {
  async lock(tx: Tx, user: UserId): Promise<ListStatus | undefined> {
    const [row] = await tx.rows<ListStatus>(sql`
      SELECT stream_id AS "streamId", stale, marked, attempts FROM remote_device_lists
       WHERE user_id = ${user} FOR UPDATE`);
    return row;
  },

  async status(tx: ReadTx, user: UserId): Promise<ListStatus | undefined> {
    const [row] = await tx.rows<ListStatus>(
      sql`SELECT stream_id AS "streamId", stale, marked, attempts FROM remote_device_lists WHERE user_id = ${user}`,
    );
    return row;
  },

  /** Begins to keep lists of those who are in a room with somebody of ours. Resolves to those that are new. */
  async want(db: Database, us: ServerName, users: readonly UserId[]): Promise<UserId[]> {
    const rows = await db.rows<{ user_id: UserId }>(sql`
      INSERT INTO remote_device_lists (user_id, stale)
      SELECT user_id, true FROM unnest(${users}::text[]) AS u (user_id)
       WHERE EXISTS (
         SELECT FROM memberships theirs JOIN memberships ours USING (room_nid)
          WHERE theirs.user_id = u.user_id AND theirs.membership = 'join'
            AND ours.membership = 'join' AND ours.server = ${us})
      ON CONFLICT DO NOTHING RETURNING user_id`);
    return rows.map((row) => row.user_id);
  },

  /** Something of these users' lists was missed. Lists that are not kept cannot be out of date. */
  markStale: (tx: ReadTx, users: readonly UserId[]): Promise<unknown> =>
    tx.rows(sql`
      UPDATE remote_device_lists SET stale = true, marked = marked + 1, retry_at = 0
       WHERE user_id = ANY(${users}::text[])`),

  /** Nothing becomes of one more where the user has as many as there may be. */
  async putDevice(tx: Tx, { userId, deviceId, json, displayName }: RemoteDevice, most: number): Promise<void> {
    await tx.run(sql`
      INSERT INTO remote_devices (user_id, device_id, json, display_name)
      SELECT ${userId}::text, ${deviceId}::text, ${json}::text, ${displayName}::text
       WHERE EXISTS (SELECT FROM remote_devices WHERE user_id = ${userId} AND device_id = ${deviceId})
          OR (SELECT count(*) FROM remote_devices WHERE user_id = ${userId}) < ${most}::int
      ON CONFLICT (user_id, device_id) DO UPDATE SET json = EXCLUDED.json, display_name = EXCLUDED.display_name`);
  },

  async removeDevice(tx: Tx, user: UserId, device: DeviceId): Promise<void> {
    await tx.run(sql`DELETE FROM remote_devices WHERE user_id = ${user} AND device_id = ${device}`);
  },

  async moveOn(tx: Tx, user: UserId, streamId: number): Promise<void> {
    await tx.run(sql`UPDATE remote_device_lists SET stream_id = ${streamId} WHERE user_id = ${user}`);
  },

  async putIdentity(tx: Tx, { userId, master, selfSigning }: RemoteIdentity): Promise<void> {
    await tx.run(sql`
      UPDATE remote_device_lists
         SET master = coalesce(${master}, master), self_signing = coalesce(${selfSigning}, self_signing)
       WHERE user_id = ${userId}`);
  },

  /** Replaces a whole list. It stays stale if anything has come since `marked` was read. */
  async replace(
    tx: Tx,
    { userId, master, selfSigning }: RemoteIdentity,
    { streamId, marked, devices }: { streamId: number; marked: number; devices: readonly RemoteDevice[] },
  ): Promise<void> {
    await tx.run(sql`
      UPDATE remote_device_lists
         SET stream_id = ${streamId}, master = ${master}, self_signing = ${selfSigning},
             stale = marked <> ${marked}, attempts = 0, retry_at = 0
       WHERE user_id = ${userId}`);
    await tx.run(sql`DELETE FROM remote_devices WHERE user_id = ${userId}`);
    await tx.run(sql`
      INSERT INTO remote_devices (user_id, device_id, json, display_name)
      SELECT ${userId}, * FROM unnest(${devices.map(({ deviceId }) => deviceId)}::text[],
                                      ${devices.map(({ json }) => json)}::text[],
                                      ${devices.map(({ displayName }) => displayName)}::text[])
      ON CONFLICT DO NOTHING`);
  },

  async putOff(db: Database, user: UserId, retryAt: number): Promise<void> {
    await db.run(sql`
      UPDATE remote_device_lists SET attempts = attempts + 1, retry_at = ${retryAt} WHERE user_id = ${user}`);
  },

  async due(db: Database, now: number, limit: number): Promise<UserId[]> {
    const rows = await db.rows<{ user_id: UserId }>(sql`
      SELECT user_id FROM remote_device_lists WHERE stale AND retry_at <= ${now} ORDER BY retry_at LIMIT ${limit}`);
    return rows.map((row) => row.user_id);
  },

  /** The lists of these users that are known to be complete. */
  identities: (tx: ReadTx, users: readonly UserId[]): Promise<RemoteIdentity[]> =>
    tx.rows(
      named(
        'remote_lists.identities',
        sql`
      SELECT user_id AS "userId", master, self_signing AS "selfSigning" FROM remote_device_lists
       WHERE user_id = ANY(${users}::text[]) AND NOT stale`,
      ),
    ),

  devices: (tx: ReadTx, users: readonly UserId[]): Promise<RemoteDevice[]> =>
    tx.rows(
      named(
        'remote_lists.devices',
        sql`
      SELECT user_id AS "userId", device_id AS "deviceId", json, display_name AS "displayName" FROM remote_devices
       WHERE user_id = ANY(${users}::text[])`,
      ),
    ),

  async device(tx: ReadTx, user: UserId, device: DeviceId): Promise<Pick<RemoteDevice, 'json'> | undefined> {
    const [row] = await tx.rows<Pick<RemoteDevice, 'json'>>(
      sql`SELECT json FROM remote_devices WHERE user_id = ${user} AND device_id = ${device}`,
    );
    return row;
  },

  remove: (tx: ReadTx, user: UserId): Promise<unknown> =>
    tx.rows(sql`DELETE FROM remote_device_lists WHERE user_id = ${user}`),

  /** Gives up lists of those who are in no room with anybody of ours: nobody tells us of their changes. */
  forgetUnshared: (db: Database, us: ServerName, users: readonly UserId[] | undefined): Promise<number> =>
    db.run({
      text: `DELETE FROM remote_device_lists r WHERE ${users ? 'user_id = ANY($2::text[]) AND' : ''} ${SHARES_NO_ROOM}`,
      values: users ? [us, users] : [us],
    }),

  async usersElsewhere(db: Database, us: ServerName, room: RoomNid): Promise<UserId[]> {
    const rows = await db.rows<{ user_id: UserId }>(sql`
      SELECT user_id FROM memberships WHERE room_nid = ${room} AND membership = 'join' AND server <> ${us}`);
    return rows.map((row) => row.user_id);
  },
};

import type { DeviceId, UserId } from '@holm/spec/ids';
import type { Json } from '@holm/spec/json';
import type { UnixMillis } from '../../platform/clock.ts';
import { byPlace } from '../../storage/by-place.ts';
import type { Database, ReadTx, Tx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';

export interface DeviceAddress {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
}

export interface Key {
  readonly algorithm: string;
  readonly keyId: string;
  readonly key: Json;
}

export interface Wanted extends DeviceAddress {
  readonly algorithm: string;
}

export interface Given extends Wanted {
  readonly keyId: string;
  readonly json: string;
}

/** By algorithm; of fallback keys the algorithms of those that nobody has been given yet. */
export interface KeysLeft {
  readonly oneTime: Readonly<Record<string, number>>;
  readonly unusedFallback: readonly string[];
}

const LEFT = `
  WITH d AS (SELECT * FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS u(user_id, device_id, n))
  SELECT d.n, o.algorithm, count(*)::int AS count FROM d JOIN one_time_keys o USING (user_id, device_id)
   WHERE o.claimed_at IS NULL GROUP BY d.n, o.algorithm
  UNION ALL
  SELECT d.n, f.algorithm, NULL FROM d JOIN fallback_keys f USING (user_id, device_id) WHERE NOT f.used
   ORDER BY n, algorithm`;

const leftOf = (rows: readonly { readonly algorithm: string; readonly count: number | null }[]): KeysLeft => ({
  oneTime: Object.fromEntries(rows.flatMap(({ algorithm, count }) => (count === null ? [] : [[algorithm, count]]))),
  unusedFallback: rows.filter(({ count }) => count === null).map(({ algorithm }) => algorithm),
});

const wantedColumns = (wanted: readonly Wanted[]) =>
  [
    wanted.map(({ userId }) => userId),
    wanted.map(({ deviceId }) => deviceId),
    wanted.map(({ algorithm }) => algorithm),
  ] as const;

export const oneTimeKeysStore = {
  async found(tx: ReadTx, { userId, deviceId }: DeviceAddress, keys: readonly Key[]): Promise<Key[]> {
    const rows = await tx.rows<{ algorithm: string; keyId: string; json: string }>(sql`
      SELECT algorithm, key_id AS "keyId", json FROM one_time_keys
       WHERE user_id = ${userId} AND device_id = ${deviceId} AND key_id = ANY(${keys.map(({ keyId }) => keyId)}::text[])`);
    return rows.map(({ json, ...row }) => ({ ...row, key: JSON.parse(json) as Json }));
  },

  /** Those that exist stay as they are, and those that have been given away do not come back. */
  async put(tx: Tx, { userId, deviceId }: DeviceAddress, keys: readonly Key[]): Promise<void> {
    await tx.run(sql`
      INSERT INTO one_time_keys (user_id, device_id, algorithm, key_id, json)
      SELECT ${userId}, ${deviceId}, * FROM unnest(${keys.map(({ algorithm }) => algorithm)}::text[],
        ${keys.map(({ keyId }) => keyId)}::text[], ${keys.map(({ key }) => JSON.stringify(key))}::text[])
      ON CONFLICT DO NOTHING`);
  },

  /** A key that is the same as before stays used. */
  async putFallback(tx: Tx, { userId, deviceId }: DeviceAddress, keys: readonly Key[]): Promise<void> {
    await tx.run(sql`
      INSERT INTO fallback_keys AS f (user_id, device_id, algorithm, key_id, json)
      SELECT ${userId}, ${deviceId}, * FROM unnest(${keys.map(({ algorithm }) => algorithm)}::text[],
        ${keys.map(({ keyId }) => keyId)}::text[], ${keys.map(({ key }) => JSON.stringify(key))}::text[])
      ON CONFLICT (user_id, device_id, algorithm) DO UPDATE
         SET key_id = EXCLUDED.key_id, json = EXCLUDED.json,
             used = f.used AND f.key_id = EXCLUDED.key_id AND f.json = EXCLUDED.json`);
  },

  async counts(tx: ReadTx, { userId, deviceId }: DeviceAddress): Promise<ReadonlyMap<string, number>> {
    const rows = await tx.rows<{ algorithm: string; count: number }>(
      named(
        'one_time_keys.counts',
        sql`
      SELECT algorithm, count(*)::int AS count FROM one_time_keys
       WHERE user_id = ${userId} AND device_id = ${deviceId} AND claimed_at IS NULL GROUP BY algorithm`,
      ),
    );
    return new Map(rows.map(({ algorithm, count }) => [algorithm, count]));
  },

  /** What each of some devices has left. */
  async left(tx: ReadTx, devices: readonly DeviceAddress[]): Promise<Map<DeviceAddress, KeysLeft>> {
    const values = [devices.map(({ userId }) => userId), devices.map(({ deviceId }) => deviceId)];
    const rows = await tx.rows<{ n: number; algorithm: string; count: number | null }>(
      named('one_time_keys.left', { text: LEFT, values }),
    );
    return new Map([...byPlace(devices, rows)].map(([device, left]) => [device, leftOf(left)]));
  },

  /** The oldest key of each device that is wanted. Two who ask at the same time get different ones. */
  async take(tx: Tx, wanted: readonly Wanted[], now: UnixMillis): Promise<Given[]> {
    const [users, devices, algorithms] = wantedColumns(wanted);
    return tx.rows<Given>(
      named(
        'one_time_keys.take',
        sql`
      WITH picked AS (
        SELECT k.uploaded, k.user_id, k.device_id, k.algorithm, k.key_id
          FROM unnest(${users}::text[], ${devices}::text[], ${algorithms}::text[]) AS w (user_id, device_id, algorithm)
         CROSS JOIN LATERAL (
           SELECT * FROM one_time_keys o
            WHERE o.user_id = w.user_id AND o.device_id = w.device_id AND o.algorithm = w.algorithm
              AND o.claimed_at IS NULL
            ORDER BY o.uploaded LIMIT 1 FOR UPDATE SKIP LOCKED) k)
      UPDATE one_time_keys o SET claimed_at = ${now}
        FROM picked p
       WHERE o.user_id = p.user_id AND o.device_id = p.device_id AND o.algorithm = p.algorithm AND o.key_id = p.key_id
      RETURNING o.user_id AS "userId", o.device_id AS "deviceId", o.algorithm, o.key_id AS "keyId", o.json`,
      ),
    );
  },

  async takeFallback(tx: Tx, wanted: readonly Wanted[]): Promise<Given[]> {
    const [users, devices, algorithms] = wantedColumns(wanted);
    return tx.rows<Given>(
      named(
        'one_time_keys.take_fallback',
        sql`
      UPDATE fallback_keys f SET used = true
        FROM unnest(${users}::text[], ${devices}::text[], ${algorithms}::text[]) AS w (user_id, device_id, algorithm)
       WHERE f.user_id = w.user_id AND f.device_id = w.device_id AND f.algorithm = w.algorithm
      RETURNING f.user_id AS "userId", f.device_id AS "deviceId", f.algorithm, f.key_id AS "keyId", f.json`,
      ),
    );
  },

  /** Forgets keys that were given away long ago. */
  forget: (db: Database, before: number): Promise<number> =>
    db.run(sql`DELETE FROM one_time_keys WHERE claimed_at < ${before}`),
};

import type { DeviceId, UserId } from '@holm/spec/ids';
import type { UnixMillis } from '../../platform/clock.ts';
import type { ReadTx, Tx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { TokenHash } from './access-token.ts';
import type { Sighting } from './last-seen.ts';

/** Where somebody is logged in. Every session is a device and every device has at most one access token. */
export interface Device {
  readonly deviceId: DeviceId;
  readonly displayName: string | null;
  readonly lastSeenAt: UnixMillis | null;
  readonly lastSeenIp: string | null;
}

export interface Session {
  readonly tokenId: number;
  readonly userId: UserId;
  readonly deviceId: DeviceId;
}

export interface EndedToken {
  readonly tokenId: number;
  readonly hash: TokenHash;
}

interface TokenRow {
  readonly token_id: number;
  readonly hash: Buffer;
}

const fromHash = (hash: TokenHash): Buffer => Buffer.from(hash, 'base64url');
const ended = ({ token_id, hash }: TokenRow): EndedToken => ({
  tokenId: token_id,
  hash: hash.toString('base64url') as TokenHash,
});

const DEVICE = `device_id AS "deviceId", display_name AS "displayName", last_seen_at AS "lastSeenAt",
  last_seen_ip AS "lastSeenIp"`;

export const sessionsStore = {
  async byToken(tx: ReadTx, hash: TokenHash): Promise<Session | undefined> {
    const [session] = await tx.rows<Session>(
      named(
        'session-by-token',
        sql`SELECT token_id AS "tokenId", user_id AS "userId", device_id AS "deviceId"
              FROM access_tokens WHERE hash = ${fromHash(hash)}`,
      ),
    );
    return session;
  },

  async inUse(tx: ReadTx, tokenIds: readonly number[]): Promise<ReadonlySet<number>> {
    const rows = await tx.rows<Pick<TokenRow, 'token_id'>>(
      named('tokens-in-use', sql`SELECT token_id FROM access_tokens WHERE token_id = ANY(${[...tokenIds]}::bigint[])`),
    );
    return new Set(rows.map(({ token_id: tokenId }) => tokenId));
  },

  async putToken(tx: Tx, hash: TokenHash, of: { userId: UserId; deviceId: DeviceId }, now: UnixMillis): Promise<void> {
    await tx.run(sql`
      INSERT INTO access_tokens (hash, user_id, device_id, created_at)
      VALUES (${fromHash(hash)}, ${of.userId}, ${of.deviceId}, ${now})`);
  },

  /** A device that exists keeps its name. */
  async putDevice(
    tx: Tx,
    { userId, deviceId, displayName }: { userId: UserId; deviceId: DeviceId; displayName: string | null },
    now: UnixMillis,
  ): Promise<void> {
    await tx.run(sql`
      INSERT INTO devices (user_id, device_id, display_name, created_at)
      VALUES (${userId}, ${deviceId}, ${displayName}, ${now}) ON CONFLICT DO NOTHING`);
  },

  async devices(tx: ReadTx, userId: UserId): Promise<Device[]> {
    return tx.rows<Device>({
      text: `SELECT ${DEVICE} FROM devices WHERE user_id = $1 ORDER BY created_at, device_id`,
      values: [userId],
    });
  },

  async rename(tx: Tx, userId: UserId, deviceId: DeviceId, displayName: string): Promise<boolean> {
    const written = await tx.run(sql`
      UPDATE devices SET display_name = ${displayName} WHERE user_id = ${userId} AND device_id = ${deviceId}`);
    return written > 0;
  },

  async removeTokens(tx: Tx, userId: UserId, deviceIds: readonly DeviceId[]): Promise<EndedToken[]> {
    const rows = await tx.rows<TokenRow>(sql`
      DELETE FROM access_tokens WHERE user_id = ${userId} AND device_id = ANY(${deviceIds}::text[])
      RETURNING token_id, hash`);
    return rows.map(ended);
  },

  /** Their tokens must be gone already. */
  async removeDevices(tx: Tx, userId: UserId, deviceIds: readonly DeviceId[]): Promise<void> {
    await tx.run(sql`DELETE FROM devices WHERE user_id = ${userId} AND device_id = ANY(${deviceIds}::text[])`);
  },

  /** Devices that are gone by now are skipped. */
  async putLastSeen(tx: Tx, sightings: readonly Sighting[]): Promise<void> {
    await tx.run(
      named(
        'last-seen',
        sql`
          UPDATE devices d SET last_seen_at = s.at, last_seen_ip = s.ip, last_seen_agent = s.agent
            FROM unnest(${sightings.map(({ userId }) => userId)}::text[],
                        ${sightings.map(({ deviceId }) => deviceId)}::text[],
                        ${sightings.map(({ at }) => at)}::bigint[],
                        ${sightings.map(({ address }) => address)}::text[],
                        ${sightings.map(({ userAgent }) => userAgent)}::text[]) AS s (user_id, device_id, at, ip, agent)
           WHERE d.user_id = s.user_id AND d.device_id = s.device_id`,
      ),
    );
  },
};

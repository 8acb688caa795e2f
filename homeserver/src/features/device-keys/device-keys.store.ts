import type { DeviceId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { ReadTx, Tx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { Signature, Usage } from './signed-keys.ts';

export interface StoredDevice {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly keys: JsonObject;
  readonly displayName: string | null;
}

export interface StoredIdentityKey {
  readonly userId: UserId;
  readonly usage: Usage;
  readonly publicKey: string;
  readonly key: JsonObject;
}

const parsed = <Row extends { readonly json: string }>({ json, ...row }: Row) => ({
  ...row,
  parsed: JSON.parse(json) as JsonObject,
});

export const deviceKeysStore = {
  async devices(tx: ReadTx, users: readonly UserId[]): Promise<StoredDevice[]> {
    const rows = await tx.rows<Omit<StoredDevice, 'keys'> & { json: string }>(
      named(
        'device_keys.devices',
        sql`
      SELECT k.user_id AS "userId", k.device_id AS "deviceId", k.json, d.display_name AS "displayName"
        FROM device_keys k JOIN devices d USING (user_id, device_id) WHERE k.user_id = ANY(${users}::text[])`,
      ),
    );
    return rows.map((row) => {
      const { parsed: keys, ...rest } = parsed(row);
      return { ...rest, keys };
    });
  },

  async find(tx: ReadTx, user: UserId, device: DeviceId): Promise<JsonObject | undefined> {
    const [row] = await tx.rows<{ json: string }>(
      sql`SELECT json FROM device_keys WHERE user_id = ${user} AND device_id = ${device}`,
    );
    return row && (JSON.parse(row.json) as JsonObject);
  },

  async put(tx: Tx, user: UserId, device: DeviceId, keys: JsonObject): Promise<boolean> {
    const written = await tx.run(sql`
      INSERT INTO device_keys (user_id, device_id, json)
      SELECT user_id, device_id, ${JSON.stringify(keys)} FROM devices
       WHERE user_id = ${user} AND device_id = ${device} FOR KEY SHARE
      ON CONFLICT (user_id, device_id) DO UPDATE SET json = EXCLUDED.json`);
    return written > 0;
  },

  /** Those of these devices that have keys. */
  async withKeys(tx: ReadTx, user: UserId, devices: readonly DeviceId[]): Promise<DeviceId[]> {
    const rows = await tx.rows<{ device_id: DeviceId }>(sql`
      SELECT device_id FROM device_keys WHERE user_id = ${user} AND device_id = ANY(${devices}::text[])`);
    return rows.map((row) => row.device_id);
  },

  async identities(tx: ReadTx, users: readonly UserId[]): Promise<StoredIdentityKey[]> {
    const rows = await tx.rows<Omit<StoredIdentityKey, 'key'> & { json: string }>(
      named(
        'device_keys.identities',
        sql`SELECT user_id AS "userId", usage, public_key AS "publicKey", json FROM cross_signing_keys WHERE user_id = ANY(${users}::text[])`,
      ),
    );
    return rows.map((row) => {
      const { parsed: key, ...rest } = parsed(row);
      return { ...rest, key };
    });
  },

  async putIdentity(tx: Tx, user: UserId, usage: Usage, { key, publicKey }: { key: JsonObject; publicKey: string }) {
    await tx.run(sql`
      INSERT INTO cross_signing_keys (user_id, usage, public_key, json)
      VALUES (${user}, ${usage}, ${publicKey}, ${JSON.stringify(key)})
      ON CONFLICT (user_id, usage) DO UPDATE SET public_key = EXCLUDED.public_key, json = EXCLUDED.json`);
  },

  /** Whether one of the names is that of a device of the user, or of a key of theirs. */
  async areTaken(tx: ReadTx, user: UserId, names: readonly string[], by: 'devices' | 'keys'): Promise<boolean> {
    const rows =
      by === 'devices'
        ? await tx.rows(sql`SELECT FROM devices WHERE user_id = ${user} AND device_id = ANY(${names}::text[])`)
        : await tx.rows(
            sql`SELECT FROM cross_signing_keys WHERE user_id = ${user} AND public_key = ANY(${names}::text[])`,
          );
    return rows.length > 0;
  },

  /** On keys of these users: what they signed themselves, and what the reader did. */
  signatures: (tx: ReadTx, users: readonly UserId[], reader: UserId | null): Promise<Signature[]> =>
    tx.rows(
      named(
        'device_keys.signatures',
        sql`
      SELECT user_id AS "userId", key_name AS "keyName", signer_id AS "signerId", signer_key_id AS "signerKeyId", signature
        FROM key_signatures
       WHERE user_id = ANY(${users}::text[]) AND (signer_id = user_id OR signer_id = ${reader}::text)`,
      ),
    ),

  async putSignatures(tx: Tx, signatures: readonly Signature[]): Promise<void> {
    const column = (name: keyof Signature) => signatures.map((one) => one[name]);
    await tx.run(sql`
      INSERT INTO key_signatures (user_id, key_name, signer_id, signer_key_id, signature)
      SELECT * FROM unnest(${column('userId')}::text[], ${column('keyName')}::text[], ${column('signerId')}::text[],
                           ${column('signerKeyId')}::text[], ${column('signature')}::text[])
      ON CONFLICT (user_id, key_name, signer_id, signer_key_id) DO UPDATE SET signature = EXCLUDED.signature`);
  },

  /** Signatures on these keys of the user, and those that they made themselves. */
  async removeSignatures(tx: Tx, user: UserId, names: readonly string[]): Promise<void> {
    await tx.run(sql`
      DELETE FROM key_signatures
       WHERE (user_id = ${user} AND key_name = ANY(${names}::text[]))
          OR (signer_id = ${user} AND signer_key_id = ANY(${names.map((name) => `ed25519:${name}`)}::text[]))`);
  },

  async removeIdentity(tx: Tx, user: UserId): Promise<number> {
    await tx.run(sql`DELETE FROM key_signatures WHERE user_id = ${user} OR signer_id = ${user}`);
    return tx.run(sql`DELETE FROM cross_signing_keys WHERE user_id = ${user}`);
  },
};

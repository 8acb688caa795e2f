import type { ServerName } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { UnixMillis } from '../../platform/clock.ts';
import type { Database, ReadTx, Tx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { KeyAnswer, KnownKey } from './server-keys.ts';

interface KeyRow {
  readonly key_id: string;
  readonly public_key: string;
  readonly valid_until: UnixMillis;
  readonly is_old: boolean;
  readonly added_at: UnixMillis;
}

interface AnswerRow {
  readonly json: string;
  readonly valid_until: UnixMillis;
  readonly fetched_at: UnixMillis;
}

/** A server's last answer, to be handed on. */
export type StoredAnswer = Pick<KeyAnswer, 'json' | 'validUntil' | 'fetchedAt'>;

export const keysStore = {
  async get(tx: ReadTx, server: ServerName): Promise<KnownKey[]> {
    const rows = await tx.rows<KeyRow>(
      named(
        'server_keys.get',
        sql`SELECT key_id, public_key, valid_until, is_old, added_at FROM server_keys WHERE server_name = ${server}`,
      ),
    );
    return rows.map((row) => ({
      keyId: row.key_id,
      publicKey: row.public_key,
      validUntil: row.valid_until,
      isOld: row.is_old,
      addedAt: row.added_at,
    }));
  },

  async answerOf(tx: ReadTx, server: ServerName): Promise<StoredAnswer | undefined> {
    const [row] = await tx.rows<AnswerRow>(
      sql`SELECT json, valid_until, fetched_at FROM server_key_answers WHERE server_name = ${server}`,
    );
    return row && { json: JSON.parse(row.json) as JsonObject, validUntil: row.valid_until, fetchedAt: row.fetched_at };
  },

  /** Keys that a server no longer mentions stay: they still verify what they signed in their time. */
  put: (db: Database, answer: KeyAnswer): Promise<void> =>
    db.transact(async (tx) => {
      await putAnswer(tx, answer);
      await putKeys(tx, answer);
    }),
};

const putAnswer = async (tx: Tx, { serverName, json, validUntil, fetchedAt }: KeyAnswer): Promise<void> => {
  await tx.run(sql`
    INSERT INTO server_key_answers (server_name, json, valid_until, fetched_at)
    VALUES (${serverName}, ${JSON.stringify(json)}, ${validUntil}, ${fetchedAt})
    ON CONFLICT (server_name) DO UPDATE
      SET json = EXCLUDED.json, valid_until = EXCLUDED.valid_until, fetched_at = EXCLUDED.fetched_at`);
};

const putKeys = async (tx: Tx, { serverName, keys }: KeyAnswer): Promise<void> => {
  await tx.run(sql`
    INSERT INTO server_keys (server_name, key_id, public_key, valid_until, is_old, added_at)
    SELECT ${serverName}, * FROM unnest(
      ${keys.map(({ keyId }) => keyId)}::text[], ${keys.map(({ publicKey }) => publicKey)}::text[],
      ${keys.map(({ validUntil }) => validUntil)}::bigint[], ${keys.map(({ isOld }) => isOld)}::boolean[],
      ${keys.map(({ addedAt }) => addedAt)}::bigint[])
    ON CONFLICT (server_name, key_id) DO UPDATE
      SET public_key = EXCLUDED.public_key, valid_until = EXCLUDED.valid_until, is_old = EXCLUDED.is_old,
          added_at = EXCLUDED.added_at`);
};

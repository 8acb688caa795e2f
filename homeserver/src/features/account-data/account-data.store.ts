import type { RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { byPlace } from '../../storage/by-place.ts';
import type { ReadTx, Tx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { Position, Range } from '../../streams/stream.ts';
import type { AccountDataKey } from './account-data.ts';

export interface StoredAccountData {
  readonly roomId: RoomId | undefined;
  readonly type: string;
  readonly content: JsonObject;
}

/** Whose changes are wanted, and from when. */
export interface Changed {
  readonly userId: UserId;
  readonly range: Range;
}

/** How "of no room" is stored: a key must not be null. */
const roomOf = ({ roomId }: AccountDataKey): string => roomId ?? '';

export const accountDataStore = {
  async get(tx: ReadTx, key: AccountDataKey): Promise<JsonObject | undefined> {
    const [row] = await tx.rows<{ content: JsonObject }>(
      named(
        'account-data',
        sql`SELECT content FROM account_data
             WHERE user_id = ${key.userId} AND room_id = ${roomOf(key)} AND type = ${key.type}`,
      ),
    );
    return row?.content;
  },

  /** Of each key what is stored under it, if anything is. */
  async find(tx: ReadTx, keys: readonly AccountDataKey[]): Promise<Map<AccountDataKey, JsonObject>> {
    const rows = await tx.rows<{ n: number; content: JsonObject }>(
      named(
        'account-data-find',
        sql`SELECT k.n, a.content
              FROM unnest(${keys.map(({ userId }) => userId)}::text[], ${keys.map(roomOf)}::text[],
                          ${keys.map(({ type }) => type)}::text[]) WITH ORDINALITY AS k(user_id, room_id, type, n)
              JOIN account_data a USING (user_id, room_id, type)`,
      ),
    );
    return new Map(rows.map(({ n, content }) => [keys[n - 1] as AccountDataKey, content]));
  },

  async ofRooms(tx: ReadTx, userId: UserId, type: string): Promise<Map<RoomId, JsonObject>> {
    const rows = await tx.rows<{ room_id: RoomId; content: JsonObject }>(
      named(
        'account-data-of-rooms',
        sql`SELECT room_id, content FROM account_data
             WHERE user_id = ${userId} AND type = ${type} AND room_id <> ''`,
      ),
    );
    return new Map(rows.map(({ room_id, content }) => [room_id, content]));
  },

  /** Keeps others from changing this piece, which need not exist yet, until the transaction is over. */
  async lock(tx: Tx, key: AccountDataKey): Promise<void> {
    const name = JSON.stringify([key.userId, roomOf(key), key.type]);
    await tx.rows(sql`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`);
  },

  /** How much somebody keeps beside this piece, in characters. */
  async sizeBeside(tx: ReadTx, key: AccountDataKey): Promise<number> {
    const [row] = await tx.rows<{ size: number }>(
      named(
        'account-data-size',
        sql`SELECT coalesce(sum(length(content::text) + length(type)), 0)::bigint AS size FROM account_data
             WHERE user_id = ${key.userId} AND NOT (room_id = ${roomOf(key)} AND type = ${key.type})`,
      ),
    );
    return row?.size ?? 0;
  },

  async put(tx: Tx, key: AccountDataKey, content: JsonObject, position: Position): Promise<void> {
    await tx.run(
      named(
        'account-data-put',
        sql`INSERT INTO account_data (user_id, room_id, type, content, position)
            VALUES (${key.userId}, ${roomOf(key)}, ${key.type}, ${JSON.stringify(content)}, ${position})
            ON CONFLICT (user_id, room_id, type)
            DO UPDATE SET content = EXCLUDED.content, position = EXCLUDED.position`,
      ),
    );
  },

  /** What has changed in each of some accounts, each in a range of its own, in the order of the changes. */
  async changed(tx: ReadTx, asked: readonly Changed[]): Promise<Map<Changed, StoredAccountData[]>> {
    const rows = await tx.rows<{ n: number; room_id: RoomId | ''; type: string; content: JsonObject }>(
      named(
        'account-data-changed',
        sql`SELECT k.n, a.room_id, a.type, a.content
              FROM unnest(${asked.map(({ userId }) => userId)}::text[], ${asked.map(({ range }) => range.after)}::bigint[],
                          ${asked.map(({ range }) => range.upTo)}::bigint[])
                     WITH ORDINALITY AS k(user_id, after, up_to, n)
              JOIN account_data a ON a.user_id = k.user_id AND a.position > k.after AND a.position <= k.up_to
             ORDER BY a.position`,
      ),
    );
    const stored = rows.map(({ n, room_id, ...rest }) => ({ n, roomId: room_id || undefined, ...rest }));
    return byPlace(asked, stored);
  },

  async removeAll(tx: Tx, userId: UserId): Promise<void> {
    await tx.run(sql`DELETE FROM account_data WHERE user_id = ${userId}`);
  },
};

import type { DeviceId, ServerName, UserId } from '@holm/spec/ids';
import type { UnixMillis } from '../../platform/clock.ts';
import { byPlace } from '../../storage/by-place.ts';
import type { Database, ReadTx, Tx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { Position, Range } from '../../streams/stream.ts';
import { ALL_DEVICES, type Message } from './message.ts';

export interface Address {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
}

/** What is wanted of what waits for a device. */
export interface Waiting extends Address {
  readonly range: Range;
  readonly limit: number;
}

export interface Row {
  readonly position: Position;
  readonly sender: UserId;
  readonly type: string;
  readonly content: string;
}

/** What is kept for a device that does not come for it. */
export interface Most {
  readonly messages: number;
  readonly bytes: number;
}

export interface Sent {
  readonly sender: UserId;
  readonly type: string;
  readonly position: Position;
}

export const toDeviceStore = {
  /**
   * Stores messages for those of the devices that exist, and resolves to these. One that is meant for a device in
   * particular goes before one that is meant for all.
   */
  async put(tx: Tx, { sender, type, position }: Sent, messages: readonly Message[]): Promise<Address[]> {
    return tx.rows<Address>(
      named(
        'to_device.put',
        sql`
      INSERT INTO to_device_messages (user_id, device_id, position, sender, type, content)
      SELECT d.user_id, d.device_id, ${position}, ${sender}, ${type}, m.content
        FROM unnest(${messages.map(({ userId }) => userId)}::text[],
                    ${messages.map(({ deviceId }) => deviceId)}::text[],
                    ${messages.map(({ content }) => JSON.stringify(content))}::text[]) AS m (user_id, device_id, content)
        JOIN devices d ON d.user_id = m.user_id AND (d.device_id = m.device_id OR m.device_id = ${ALL_DEVICES})
       ORDER BY m.device_id = ${ALL_DEVICES}, d.user_id, d.device_id
         FOR KEY SHARE OF d
      ON CONFLICT DO NOTHING
      RETURNING user_id AS "userId", device_id AS "deviceId"`,
      ),
    );
  },

  /** Of each device no more than it asks for, in their order. */
  async waiting(tx: ReadTx, asked: readonly Waiting[]): Promise<Map<Waiting, Row[]>> {
    const rows = await tx.rows<Row & { readonly n: number }>(
      named(
        'to_device.waiting',
        sql`
      SELECT k.n, m.position, m.sender, m.type, m.content
        FROM unnest(${asked.map(({ userId }) => userId)}::text[], ${asked.map(({ deviceId }) => deviceId)}::text[],
                    ${asked.map(({ range }) => range.after)}::bigint[], ${asked.map(({ range }) => range.upTo)}::bigint[],
                    ${asked.map(({ limit }) => limit)}::int[])
               WITH ORDINALITY AS k(user_id, device_id, after, up_to, "limit", n)
       CROSS JOIN LATERAL (
         SELECT * FROM to_device_messages t
          WHERE t.user_id = k.user_id AND t.device_id = k.device_id AND t.position > k.after AND t.position <= k.up_to
          ORDER BY t.position LIMIT k."limit") m
       ORDER BY k.n, m.position`,
      ),
    );
    return byPlace(asked, rows);
  },

  remove: (db: Database, { userId, deviceId }: Address, upTo: Position): Promise<number> =>
    db.run(
      named(
        'to_device.remove',
        sql`
      DELETE FROM to_device_messages
       WHERE user_id = ${userId} AND device_id = ${deviceId} AND position <= ${upTo}`,
      ),
    ),

  /**
   * Of what waits for a device, keeps so much: of each sender the newest, and as much of one as of another, so that who
   * sends most loses most. Resolves to how many are gone.
   */
  shorten: (db: Database, { userId, deviceId }: Address, most: Most): Promise<number> =>
    db.run(
      named(
        'to_device.shorten',
        sql`
      DELETE FROM to_device_messages
       WHERE user_id = ${userId} AND device_id = ${deviceId} AND position = ANY(ARRAY(
             SELECT position FROM (SELECT position, row_number() OVER w AS place, sum(octet_length(content)) OVER w AS bytes
               FROM (SELECT position, content, row_number() OVER (PARTITION BY sender ORDER BY position DESC) AS nth
                       FROM to_device_messages WHERE user_id = ${userId} AND device_id = ${deviceId}) s
             WINDOW w AS (ORDER BY nth, position DESC)) o
              WHERE place > ${most.messages} OR bytes > ${most.bytes}))`,
      ),
    ),

  /** False if the request has been carried out before. */
  async putTransaction(tx: Tx, key: Buffer, at: UnixMillis): Promise<boolean> {
    return (await tx.run(sql`INSERT INTO to_device_txns (key, at) VALUES (${key}, ${at}) ON CONFLICT DO NOTHING`)) > 0;
  },

  /** False if another server's message has been taken before. */
  async putReceived(tx: Tx, origin: ServerName, messageId: string, at: UnixMillis): Promise<boolean> {
    const rows = await tx.run(sql`
      INSERT INTO to_device_received (origin, message_id, at) VALUES (${origin}, ${messageId}, ${at})
      ON CONFLICT DO NOTHING`);
    return rows > 0;
  },

  async forget(db: Database, before: { readonly requests: number; readonly received: number }): Promise<void> {
    await db.run(sql`DELETE FROM to_device_txns WHERE at < ${before.requests}`);
    await db.run(sql`DELETE FROM to_device_received WHERE at < ${before.received}`);
  },
};

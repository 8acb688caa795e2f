import type { EventId, RoomId, UserId } from '@holm/spec/ids';
import type { RoomNid } from '../../rooms/model.ts';
import type { Database, ReadTx, Tx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { Position, Range } from '../../streams/stream.ts';

export interface Thread {
  readonly userId: UserId;
  readonly room: RoomNid;
  readonly root: EventId;
}

export interface StoredSubscription {
  readonly subscribed: boolean;
  readonly automatic: boolean;
}

export interface StoredChange extends StoredSubscription {
  readonly room_id: RoomId;
  readonly root_id: EventId;
  readonly position: Position;
}

export interface Wish {
  /** Where in the stream of rooms' events that is for which a client subscribes by itself; absent where its user does. */
  readonly cause: number | undefined;
  /** As many threads as one user may have followed. */
  readonly most: number;
}

export const threadSubscriptionsStore = {
  async get(tx: ReadTx, { userId, room, root }: Thread): Promise<StoredSubscription | undefined> {
    const [row] = await tx.rows<StoredSubscription>(
      named(
        'thread-subscription',
        sql`SELECT subscribed, automatic FROM thread_subscriptions
             WHERE user_id = ${userId} AND room_nid = ${room} AND root_id = ${root}`,
      ),
    );
    return row;
  },

  /**
   * False where that changes nothing: what a user wanted stays as it is, a client does not undo by itself what its user did
   * after they could see the cause, and there is a limit.
   */
  async subscribe(tx: Tx, { userId, room, root }: Thread, { cause, most }: Wish, position: Position): Promise<boolean> {
    const rows = await tx.rows(
      named(
        'thread-subscribe',
        sql`INSERT INTO thread_subscriptions AS t (user_id, room_nid, root_id, subscribed, automatic, position)
            SELECT ${userId}::text, ${room}::int, ${root}::text, true, ${cause !== undefined}::boolean, ${position}::bigint
             WHERE EXISTS (SELECT FROM thread_subscriptions
                            WHERE user_id = ${userId} AND room_nid = ${room} AND root_id = ${root})
                OR (SELECT count(*) FROM thread_subscriptions WHERE user_id = ${userId}) < ${most}::int
            ON CONFLICT (user_id, room_nid, root_id) DO UPDATE
               SET subscribed = true, automatic = EXCLUDED.automatic, position = EXCLUDED.position
             WHERE CASE WHEN t.subscribed THEN t.automatic AND NOT EXCLUDED.automatic
                        ELSE NOT EXCLUDED.automatic OR ${cause ?? 0}::bigint > t.unsubscribed_at END
            RETURNING 1`,
      ),
    );
    return rows.length > 0;
  },

  /** `seen`: how far the stream of rooms' events is. False where it was not followed. */
  async unsubscribe(
    tx: Tx,
    { userId, room, root }: Thread,
    { seen, position }: { readonly seen: Position; readonly position: Position },
  ): Promise<boolean> {
    const rows = await tx.rows(
      named(
        'thread-unsubscribe',
        sql`UPDATE thread_subscriptions SET subscribed = false, unsubscribed_at = ${seen}, position = ${position}
             WHERE user_id = ${userId} AND room_nid = ${room} AND root_id = ${root} AND subscribed RETURNING 1`,
      ),
    );
    return rows.length > 0;
  },

  /** The newest of a stretch, newest first. */
  changed: (tx: ReadTx, userId: UserId, { after, upTo }: Range, limit: number): Promise<StoredChange[]> =>
    tx.rows(
      named(
        'thread-subscriptions-changed',
        sql`SELECT r.room_id, t.root_id, t.subscribed, t.automatic, t.position
              FROM thread_subscriptions t JOIN rooms r USING (room_nid)
             WHERE t.user_id = ${userId} AND t.position > ${after} AND t.position <= ${upTo}
             ORDER BY t.position DESC LIMIT ${limit}`,
      ),
    ),

  followed: (tx: ReadTx, userId: UserId): Promise<{ room_nid: RoomNid; root_id: EventId }[]> =>
    tx.rows(
      named(
        'threads-followed',
        sql`SELECT room_nid, root_id FROM thread_subscriptions WHERE user_id = ${userId} AND subscribed`,
      ),
    ),

  async removeAll(db: Database, userId: UserId): Promise<void> {
    await db.run(sql`DELETE FROM thread_subscriptions WHERE user_id = ${userId}`);
  },
};

import type { RoomId, UserId } from '@holm/spec/ids';
import type { UnixMillis } from '../../platform/clock.ts';
import type { Database, ReadTx } from '../../storage/database.ts';
import { sql } from '../../storage/sql.ts';

export interface Upgrade {
  readonly oldRoom: RoomId;
  readonly newRoom: RoomId;
  readonly upgrader: UserId;
  readonly version: string;
  /** Absent while something is left to do. */
  readonly finishedAt: UnixMillis | undefined;
}

interface Row {
  readonly old_room: RoomId;
  readonly new_room: RoomId;
  readonly upgrader: UserId;
  readonly version: string;
  readonly finished_at: UnixMillis | null;
}

const toUpgrade = (row: Row): Upgrade => ({
  oldRoom: row.old_room,
  newRoom: row.new_room,
  upgrader: row.upgrader,
  version: row.version,
  finishedAt: row.finished_at ?? undefined,
});

export const upgradesStore = {
  async get(tx: ReadTx, oldRoom: RoomId): Promise<Upgrade | undefined> {
    const [row] = await tx.rows<Row>(sql`
      SELECT old_room, new_room, upgrader, version, finished_at FROM room_upgrades WHERE old_room = ${oldRoom}`);
    return row && toUpgrade(row);
  },

  async unfinished(tx: ReadTx): Promise<Upgrade[]> {
    const rows = await tx.rows<Row>(sql`
      SELECT old_room, new_room, upgrader, version, finished_at FROM room_upgrades WHERE finished_at IS NULL`);
    return rows.map(toUpgrade);
  },

  /** In place of an earlier upgrade of the same room. */
  put: (db: Database, { oldRoom, newRoom, upgrader, version }: Omit<Upgrade, 'finishedAt'>): Promise<number> =>
    db.run(sql`
      INSERT INTO room_upgrades (old_room, new_room, upgrader, version)
      VALUES (${oldRoom}, ${newRoom}, ${upgrader}, ${version})
      ON CONFLICT (old_room) DO UPDATE
         SET new_room = EXCLUDED.new_room, upgrader = EXCLUDED.upgrader, version = EXCLUDED.version,
             finished_at = NULL`),

  finish: (db: Database, oldRoom: RoomId, at: UnixMillis): Promise<number> =>
    db.run(sql`UPDATE room_upgrades SET finished_at = ${at} WHERE old_room = ${oldRoom}`),

  remove: (db: Database, oldRoom: RoomId): Promise<number> =>
    db.run(sql`DELETE FROM room_upgrades WHERE old_room = ${oldRoom}`),
};

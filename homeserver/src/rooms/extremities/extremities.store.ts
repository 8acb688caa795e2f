import type { ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { RoomNid } from '../model.ts';

export const extremitiesStore = {
  /**
   * Rooms with more extremities than `most`, those with the most of them first. Reads all heads, once a minute: an index
   * would have to be kept up to date by every message of every room.
   */
  async looseRooms(tx: ReadTx, most: number, limit: number): Promise<RoomNid[]> {
    const rows = await tx.rows<{ room_nid: RoomNid }>(
      named(
        'extremities.loose_rooms',
        sql`SELECT room_nid FROM room_heads WHERE cardinality(extremities) > ${most}
             ORDER BY cardinality(extremities) DESC LIMIT ${limit}`,
      ),
    );
    return rows.map((row) => row.room_nid);
  },
};

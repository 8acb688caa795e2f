import type { Database, ReadTx, Tx } from '../../storage/database.ts';
import { sql } from '../../storage/sql.ts';
import type { Delegation } from './delegation.ts';

interface Row {
  readonly user_id: Delegation['userId'];
  readonly device_id: Delegation['deviceId'];
  readonly room_id: Delegation['roomId'];
  readonly slot_id: string;
  readonly member_id: string;
  readonly delay_id: string;
  readonly delay_ms: number;
  readonly since: number;
}

export const delegationsStore = {
  /** In place of an earlier one of the same member, and of the same event. */
  async put(tx: Tx, { userId, deviceId, roomId, slotId, memberId, delayId }: Delegation): Promise<void> {
    await tx.run(sql`
      DELETE FROM call_delegations
       WHERE delay_id = ${delayId}
          OR (user_id, room_id, slot_id, member_id) = (${userId}, ${roomId}, ${slotId}, ${memberId})`);
    await tx.run(sql`
      INSERT INTO call_delegations (user_id, device_id, room_id, slot_id, member_id, delay_id)
      VALUES (${userId}, ${deviceId}, ${roomId}, ${slotId}, ${memberId}, ${delayId})`);
  },

  async remove(db: Database, delayId: string): Promise<void> {
    await db.run(sql`DELETE FROM call_delegations WHERE delay_id = ${delayId}`);
  },

  /** Those whose events still wait, and since when. */
  async waiting(tx: ReadTx) {
    const rows = await tx.rows<Row>(sql`
      SELECT c.*, d.delay_ms, d.since FROM call_delegations c JOIN delayed_events d USING (delay_id)
       WHERE d.outcome IS NULL`);
    return rows.map((row) => ({ delegation: fromRow(row), delayMs: row.delay_ms, restartedAt: row.since }));
  },
};

const fromRow = (row: Row): Delegation => ({
  userId: row.user_id,
  deviceId: row.device_id,
  roomId: row.room_id,
  slotId: row.slot_id,
  memberId: row.member_id,
  delayId: row.delay_id,
});

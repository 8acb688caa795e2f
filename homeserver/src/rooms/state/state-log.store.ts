import type { ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { Position } from '../../streams/stream.ts';
import type { RoomNid, SnapshotId } from '../model.ts';

/** Which state was current when. */
export const stateLogStore = {
  /** The state that was current once everything up to `position` had happened. */
  async asOf(tx: ReadTx, room: RoomNid, position: Position): Promise<SnapshotId | undefined> {
    const [row] = await tx.rows<{ snapshot: SnapshotId }>(
      named(
        'state_log.as_of',
        sql`SELECT snapshot FROM room_state_log WHERE room_nid = ${room} AND position <= ${position}
             ORDER BY position DESC LIMIT 1`,
      ),
    );
    return row?.snapshot;
  },
};

import type { RoomId } from '@holm/spec/ids';
import type { RoomNid } from '../../rooms/model.ts';
import type { Database } from '../../storage/database.ts';
import { sql } from '../../storage/sql.ts';
import type { Position } from '../../streams/stream.ts';

interface Row {
  readonly room_nid: RoomNid;
  readonly room_id: RoomId;
  readonly position: Position;
}

/** Where it had changed last who is typing, when the server stopped. */
export const typingStore = {
  /** Those that changed first come first. */
  all: (db: Database): Promise<Row[]> =>
    db.rows<Row>(sql`
      SELECT room_nid, room_id, position FROM typing_changes JOIN rooms USING (room_nid) ORDER BY position`),

  replace: (db: Database, rooms: readonly { readonly nid: RoomNid; readonly changedAt: Position }[]): Promise<void> =>
    db.transact(async (tx) => {
      await tx.run(sql`DELETE FROM typing_changes`);
      await tx.run(sql`
        INSERT INTO typing_changes (room_nid, position)
        SELECT * FROM unnest(${rooms.map(({ nid }) => nid)}::int[],
                             ${rooms.map(({ changedAt }) => changedAt)}::bigint[])`);
    }),
};

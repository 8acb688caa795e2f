import type { EventId, RoomId } from '@holm/spec/ids';
import type { Database, ReadTx } from '../storage/database.ts';
import { named, sql } from '../storage/sql.ts';
import type { EventNid, Extremity, Head, RoomNid } from './model.ts';

interface HeadRow {
  readonly room_nid: RoomNid;
  readonly version: number;
  readonly snapshot: number;
  readonly extremities: readonly number[];
  readonly depth: number;
  readonly first_ord: number;
  readonly last_ord: number;
  readonly next_key: number;
  readonly next_auth: number;
  readonly last_auth: number;
}

const COLUMNS = 'room_nid, room_id, version';

export interface RoomRow {
  readonly room_nid: RoomNid;
  readonly room_id: RoomId;
  readonly version: string;
}

export const roomsStore = {
  async byId(tx: ReadTx, roomId: RoomId): Promise<RoomRow | undefined> {
    const [row] = await tx.rows<RoomRow>(
      named('rooms.by_id', { text: `SELECT ${COLUMNS} FROM rooms WHERE room_id = $1`, values: [roomId] }),
    );
    return row;
  },

  byNid: (tx: ReadTx, nids: readonly RoomNid[]): Promise<RoomRow[]> =>
    tx.rows(
      named('rooms.by_nid', { text: `SELECT ${COLUMNS} FROM rooms WHERE room_nid = ANY($1::int[])`, values: [nids] }),
    ),

  async add(tx: ReadTx, roomId: RoomId, version: string): Promise<RoomNid> {
    const [row] = await tx.rows<{ room_nid: RoomNid }>(sql`
      INSERT INTO rooms (room_id, version) VALUES (${roomId}, ${version})
      ON CONFLICT (room_id) DO UPDATE SET version = rooms.version
      RETURNING room_nid`);
    if (!row) throw new Error('inserting a room gave no row');
    return row.room_nid;
  },

  async heads(tx: ReadTx, rooms: readonly RoomNid[]): Promise<Map<RoomNid, Head>> {
    const rows = await tx.rows<HeadRow>(
      named(
        'rooms.heads',
        sql`SELECT room_nid, version, snapshot, to_json(extremities) AS extremities, depth, first_ord, last_ord,
                   next_key, next_auth, last_auth
              FROM room_heads WHERE room_nid = ANY(${rooms}::int[])`,
      ),
    );
    const ends = await extremities(
      tx,
      rows.flatMap((row) => row.extremities),
    );
    return new Map(rows.map((row) => [row.room_nid, toHead(row, ends)]));
  },

  /** Whether this is the head that a room has, once whoever writes to it is done and the database can be asked. */
  async isHead(db: Database, room: RoomNid, head: Head): Promise<boolean> {
    const rows = await db.rowsWhenBack(sql`
      SELECT FROM room_heads
       WHERE room_nid = ${room} AND version = ${head.version} AND snapshot = ${head.snapshot}
         AND last_ord = ${head.lastOrd} AND extremities = ${head.extremities.map(({ nid }) => nid)}::bigint[]
         FOR UPDATE`);
    return rows.length > 0;
  },
};

const toHead = (row: HeadRow, ends: ReadonlyMap<EventNid, Extremity>): Head => ({
  version: row.version,
  snapshot: row.snapshot,
  extremities: row.extremities.flatMap((nid) => ends.get(nid) ?? []),
  depth: row.depth,
  firstOrd: row.first_ord,
  lastOrd: row.last_ord,
  nextKey: row.next_key,
  nextAuth: row.next_auth,
  lastAuthNid: row.last_auth,
});

const extremities = async (tx: ReadTx, nids: readonly EventNid[]): Promise<Map<EventNid, Extremity>> => {
  const rows = await tx.rows<{ event_nid: number; event_id: EventId; depth: number }>(
    named(
      'rooms.extremities',
      sql`SELECT event_nid, event_id, depth FROM events WHERE event_nid = ANY(${nids}::bigint[])`,
    ),
  );
  return new Map(rows.map((row) => [row.event_nid, { nid: row.event_nid, eventId: row.event_id, depth: row.depth }]));
};

import type { RoomWrite } from './room-write.ts';

export type Row = readonly unknown[];

/** What a write of rooms puts into one table. */
export interface Table {
  /** Each column's type. All tables have a `room_nid`. */
  readonly columns: Readonly<Record<string, string>>;
  /** The columns' values, row by row. */
  readonly rows: (write: RoomWrite) => readonly Row[];
  /** `$$` stands for the rows, as something to select from that is named `u`: only those of rooms whose head could be moved. */
  readonly sql: string;
}

/** A table whose rows begin with their room. */
export const tableOfRooms = (columns: Table['columns'], rows: Table['rows'], sql: string): Table => ({
  columns: { room_nid: 'int', ...columns },
  rows: (write) => rows(write).map((row) => [write.room, ...row]),
  sql,
});

import type { RoomWrite } from './room-write.ts';

export type Row = readonly unknown[];

/** What a write of rooms puts into one table. */
export interface Table {
  /** The columns' types. */
  readonly types: readonly string[];
  /** The columns' values, row by row. */
  readonly rows: (write: RoomWrite) => readonly Row[];
  /** `$$` stands for the rows, as something to select from. */
  readonly sql: string;
}

export const IN_HEAD = 'room_nid IN (SELECT room_nid FROM head)';

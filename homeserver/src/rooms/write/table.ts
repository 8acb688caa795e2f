import type { RoomWrite } from './room-write.ts';

/** What a write of rooms puts into one table. */
export interface Table {
  /** The parameters' types, one array each. */
  readonly types: readonly string[];
  /** The columns' values, row by row. */
  readonly rows: (write: RoomWrite) => readonly (readonly unknown[])[];
  /** `$$` stands for the parameters. */
  readonly sql: string;
}

export const IN_HEAD = 'room_nid IN (SELECT room_nid FROM head)';

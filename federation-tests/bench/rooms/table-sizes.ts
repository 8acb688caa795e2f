import type { Database } from '@holm/homeserver/storage/database';

/** Tables that hold what the state of rooms is and was. */
export const STATE_TABLES = [
  'state_rows',
  'room_state_keys',
  'current_state',
  'room_state_log',
  'auth_chunks',
] as const;

export type Sizes = ReadonlyMap<string, number>;

const TABLES = [...STATE_TABLES, 'memberships', 'events'];

/** As `tableSizes`, after what is dead has been cleared away for reuse. */
export const vacuumedSizes = async (db: Database): Promise<Sizes> => {
  for (const table of TABLES) await db.run({ text: `VACUUM ANALYZE ${table}`, values: [] });
  return tableSizes(db);
};

/** Bytes of each table with its indexes. */
export const tableSizes = async (db: Database): Promise<Sizes> => {
  const rows = await db.rows<{ name: string; bytes: number }>({
    text: 'SELECT name, pg_total_relation_size(name::regclass) AS bytes FROM unnest($1::text[]) AS u(name)',
    values: [TABLES],
  });
  return new Map(rows.map(({ name, bytes }) => [name, bytes]));
};

/** How much each table has grown. */
export const growth = (before: Sizes, after: Sizes): Sizes =>
  new Map([...after].map(([name, bytes]) => [name, bytes - (before.get(name) ?? 0)]));

export const sumOf = (sizes: Sizes, tables: readonly string[]): number =>
  tables.reduce((sum, table) => sum + (sizes.get(table) ?? 0), 0);

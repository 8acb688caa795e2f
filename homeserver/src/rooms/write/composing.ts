import { named, type Sql } from '../../storage/sql.ts';
import type { RoomWrite } from './room-write.ts';
import type { Row, Table } from './table.ts';

/** How a table's rows are handed over: as what to select from, given the numbers of the parameters. */
type Source = (types: readonly string[], first: number) => string;

const arrays: Source = (types, first) => `unnest(${types.map((type, i) => `$${first + i}::${type}[]`).join(', ')})`;
const oneRow: Source = (types, first) => `(VALUES (${types.map((type, i) => `$${first + i}::${type}`).join(', ')}))`;

/** By their names, of which there are a few: under one name a text never varies. */
const texts = new Map<string, string>();

/** Any number of rows: each column is an array, so that the text is the same for all numbers. */
export const composeArrays = (name: string, tables: readonly Table[], writes: readonly RoomWrite[]): Sql => {
  const values = tables.flatMap(({ types, rows }) => {
    const all = writes.flatMap(rows);
    return types.map((_, column) => all.map((row) => row[column]));
  });
  return named(name, { text: textOf(name, tables, arrays), values });
};

/** One row for each table: each column is a parameter, which takes PostgreSQL a fifth less time than unpacking arrays. */
export const composeRows = (name: string, tables: readonly Table[], rows: readonly Row[]): Sql =>
  named(name, { text: textOf(name, tables, oneRow), values: rows.flat() });

const textOf = (name: string, tables: readonly Table[], source: Source): string => {
  const known = texts.get(name);
  if (known !== undefined) return known;
  let first = 1;
  const parts = tables.map(({ types, sql }) => {
    const from = source(types, first);
    first += types.length;
    // A function, because `$$` in a replacement text would mean one dollar sign.
    return sql.replace('$$', () => from);
  });
  const text = `WITH ${parts.join(',\n')}\nSELECT room_nid FROM head`;
  texts.set(name, text);
  return text;
};

import { named, type Sql } from '../../storage/sql.ts';
import type { RoomWrite } from './room-write.ts';
import type { Row, Table } from './table.ts';

/** How rows are handed over: the columns' types, with the number of the first one's parameter, as something to select from. */
interface Source {
  readonly all: (types: readonly string[], names: string, first: number) => string;
  /** Only the rows of rooms whose head could be moved. */
  readonly inHead: (types: readonly string[], names: string, first: number) => string;
}

const parameters = (types: readonly string[], first: number, suffix = ''): string =>
  types.map((type, i) => `$${first + i}::${type}${suffix}`).join(', ');

const arrays: Source = {
  all: (types, names, first) => `unnest(${parameters(types, first, '[]')}) AS u(${names})`,
  inHead: (types, names, first) =>
    `(SELECT * FROM ${arrays.all(types, names, first)} WHERE room_nid IN (SELECT room_nid FROM head)) AS u`,
};

/** All of one room, which is in `head` or is not. */
const oneRow: Source = {
  all: (types, names, first) => `(SELECT ${parameters(types, first)}) AS u(${names})`,
  inHead: (types, names, first) => `(SELECT ${parameters(types, first)} FROM head) AS u(${names})`,
};

/** By their names, of which there are a few: under one name a text never varies. */
const texts = new Map<string, string>();

/** Any number of rows: each column is an array, so that the text is the same for all numbers. The first table is the head's. */
export const composeArrays = (name: string, tables: readonly Table[], writes: readonly RoomWrite[]): Sql => {
  const values = tables.flatMap(({ columns, rows }) => {
    const all = writes.flatMap(rows);
    return Object.keys(columns).map((_, column) => all.map((row) => row[column]));
  });
  return named(name, { text: textOf(name, tables, arrays), values });
};

/** One row of one room for each table: each column is a parameter, which takes PostgreSQL a fifth less time than unpacking arrays. */
export const composeRows = (name: string, tables: readonly Table[], rows: readonly Row[]): Sql =>
  named(name, { text: textOf(name, tables, oneRow), values: rows.flat() });

const textOf = (name: string, tables: readonly Table[], source: Source): string => {
  const known = texts.get(name);
  if (known !== undefined) return known;
  let first = 1;
  const parts = tables.map(({ columns, sql }, i) => {
    const [names, types] = [Object.keys(columns).join(', '), Object.values(columns)];
    const from = (i === 0 ? source.all : source.inHead)(types, names, first);
    first += types.length;
    // A function, because `$$` in a replacement text would mean one dollar sign.
    return sql.replace('$$', () => from);
  });
  const text = `WITH ${parts.join(',\n')}\nSELECT room_nid FROM head`;
  texts.set(name, text);
  return text;
};

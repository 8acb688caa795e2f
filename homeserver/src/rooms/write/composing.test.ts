import { expect } from 'chai';
import { composeArrays, composeRows } from './composing.ts';
import type { RoomWrite } from './room-write.ts';
import type { Table } from './table.ts';

const table = (name: string, types: readonly string[]): Table => ({
  types,
  rows: ({ room }) => [types.map((type) => `${name} ${type} ${room}`)],
  sql: `${name} AS (SELECT * FROM $$ AS u)`,
});

const tables = [table('head', ['int', 'text']), table('other', ['bytea'])];
const writes = [1, 2].map((room) => ({ room }) as RoomWrite);

describe('a statement that writes rooms', () => {
  it('takes any number of rows as an array for each column', () => {
    const { name, text, values } = composeArrays('test.arrays', tables, writes);
    expect(name).to.equal('test.arrays');
    expect(text).to.equal(
      'WITH head AS (SELECT * FROM unnest($1::int[], $2::text[]) AS u),\n' +
        'other AS (SELECT * FROM unnest($3::bytea[]) AS u)\nSELECT room_nid FROM head',
    );
    expect(values).to.eql([
      ['head int 1', 'head int 2'],
      ['head text 1', 'head text 2'],
      ['other bytea 1', 'other bytea 2'],
    ]);
  });

  it('takes one row of each table as it is', () => {
    const rows = tables.flatMap((one) => one.rows(writes[0]!));
    const { text, values } = composeRows('test.rows', tables, rows);
    expect(text).to.equal(
      'WITH head AS (SELECT * FROM (VALUES ($1::int, $2::text)) AS u),\n' +
        'other AS (SELECT * FROM (VALUES ($3::bytea)) AS u)\nSELECT room_nid FROM head',
    );
    expect(values).to.eql(['head int 1', 'head text 1', 'other bytea 1']);
  });

  it('is put into words once', () => {
    const [first, second] = [1, 2].map(() => composeArrays('test.once', tables, writes).text);
    expect(second).to.equal(first);
    expect(composeArrays('test.once', [], []).text).to.equal(first);
  });
});

import { expect } from 'chai';
import { composeArrays, composeRows } from './composing.ts';
import type { RoomWrite } from './room-write.ts';
import type { Table } from './table.ts';

const table = (name: string, columns: Table['columns']): Table => ({
  columns,
  rows: ({ room }) => [Object.values(columns).map((type) => `${name} ${type} ${room}`)],
  sql: `${name} AS (SELECT * FROM $$)`,
});

const tables = [table('head', { room_nid: 'int', a: 'text' }), table('other', { room_nid: 'int', b: 'bytea' })];
const writes = [1, 2].map((room) => ({ room }) as RoomWrite);

describe('a statement that writes rooms', () => {
  it('takes any number of rows as an array for each column', () => {
    const { name, text, values } = composeArrays('test.arrays', tables, writes);
    expect(name).to.equal('test.arrays');
    expect(text).to.equal(
      'WITH head AS (SELECT * FROM unnest($1::int[], $2::text[]) AS u(room_nid, a)),\n' +
        'other AS (SELECT * FROM (SELECT * FROM unnest($3::int[], $4::bytea[]) AS u(room_nid, b)' +
        ' WHERE room_nid IN (SELECT room_nid FROM head)) AS u)\nSELECT room_nid FROM head',
    );
    expect(values).to.eql([
      ['head int 1', 'head int 2'],
      ['head text 1', 'head text 2'],
      ['other int 1', 'other int 2'],
      ['other bytea 1', 'other bytea 2'],
    ]);
  });

  it('takes one row of each table as it is', () => {
    const rows = tables.flatMap((one) => one.rows(writes[0]!));
    const { text, values } = composeRows('test.rows', tables, rows);
    expect(text).to.equal(
      'WITH head AS (SELECT * FROM (SELECT $1::int, $2::text) AS u(room_nid, a)),\n' +
        'other AS (SELECT * FROM (SELECT $3::int, $4::bytea FROM head) AS u(room_nid, b))\nSELECT room_nid FROM head',
    );
    expect(values).to.eql(['head int 1', 'head text 1', 'other int 1', 'other bytea 1']);
  });

  it('is put into words once', () => {
    const [first, second] = [1, 2].map(() => composeArrays('test.once', tables, writes).text);
    expect(second).to.equal(first);
    expect(composeArrays('test.once', [], []).text).to.equal(first);
  });
});

import { expect } from 'chai';
import type { QueryRunner } from 'typeorm';
import { fromStoredHash } from '../../core/state/state-hash.ts';
import { createTestDatabase } from '../../testing/database.ts';
import { sql } from '../sql.ts';
import { SmallState1763690000006 } from './0006-small-state.ts';

describe('making states small', () => {
  it('keeps the rows, and of each hash the half that newer states are compared by', async () => {
    await using database = await createTestDatabase();
    const hash = (1n << 255n) | (0xfedc_ba98n << 96n) | 77n;
    const bytes = Buffer.from(hash.toString(16).padStart(64, '0'), 'hex');
    await database.db.transact(async (tx) => {
      for (const text of [
        'DROP TABLE state_rows CASCADE',
        `CREATE TABLE state_rows (row_id bigint PRIMARY KEY, room_nid int NOT NULL, state_hash bytea, data bytea NOT NULL)`,
        'CREATE INDEX state_rows_by_hash ON state_rows (room_nid, state_hash) WHERE state_hash IS NOT NULL',
      ]) {
        await tx.run({ text, values: [] });
      }
      const data = Buffer.from([1, 2, 3]);
      await tx.run(sql`INSERT INTO state_rows VALUES (7, 1, ${bytes}, ${data}), (6, 1, NULL, ${data})`);
      const runner = { query: (text: string) => tx.run({ text, values: [] }) };
      await new SmallState1763690000006().up(runner as unknown as QueryRunner);
    });
    const rows = await database.db.rows<{ row_id: number; hash_head: number; hash_rest: Buffer; data: Buffer }>(
      sql`SELECT row_id, hash_head, hash_rest, data FROM state_rows ORDER BY row_id`,
    );
    expect(rows.map(({ row_id, data }) => [row_id, [...data]])).to.eql([
      [6, [1, 2, 3]],
      [7, [1, 2, 3]],
    ]);
    expect(rows[0]?.hash_rest).to.equal(null);
    const { hash_head: head, hash_rest: rest } = rows[1]!;
    expect(fromStoredHash({ head, rest })).to.equal(BigInt.asUintN(128, hash));
  });
});

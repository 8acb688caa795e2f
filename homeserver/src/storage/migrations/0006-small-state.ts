import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * States take less room.
 *
 * A state's hash is a sum modulo 2^128 now, the lower half of what it was: more than enough to tell apart the states
 * that one server will ever see, as nobody else knows the key. An index of 20 bytes finds it by its first four; the
 * same index lists the rows of a room.
 */
export class SmallState1763690000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX state_rows_by_hash;
      CREATE TABLE small_state_rows (
        row_id    bigint NOT NULL,
        room_nid  int NOT NULL,
        hash_head int,   -- the first four bytes of the state's hash; none for rows that are only parts of a snapshot
        hash_rest bytea, -- the other twelve
        data      bytea NOT NULL
      );
      ALTER TABLE small_state_rows ALTER COLUMN data SET STORAGE MAIN;
      INSERT INTO small_state_rows
        SELECT row_id, room_nid, ('x' || encode(substr(state_hash, 17, 4), 'hex'))::bit(32)::int,
               substr(state_hash, 21), data
          FROM state_rows ORDER BY row_id;
      DROP TABLE state_rows;
      ALTER TABLE small_state_rows RENAME TO state_rows;
      ALTER TABLE state_rows ADD CONSTRAINT state_rows_pkey PRIMARY KEY (row_id);
      CREATE INDEX state_rows_by_hash ON state_rows (room_nid, hash_head);
    `);
  }

  async down(): Promise<void> {
    // The other half of a hash cannot be had back without walking its state.
    await Promise.reject(new Error('states cannot be made large again'));
  }
}

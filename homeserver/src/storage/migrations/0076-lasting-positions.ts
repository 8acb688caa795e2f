import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Positions of typing and presence from sequences, as all others: they were the time of the start, so that tokens were ahead of a
 * clock that had been set back. They begin beyond all times of this century in milliseconds, which clients hold in their tokens.
 */
export class LastingPositions1763690000076 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SEQUENCE typing_positions INCREMENT 1000 START 10000000000000;
      CREATE SEQUENCE presence_positions INCREMENT 1000 START 10000000000000;

      -- Where somebody was typing until the server stopped, and where it had changed last who is.
      CREATE TABLE typing_changes (
        room_nid int PRIMARY KEY,
        position bigint NOT NULL
      );

      ALTER TABLE presence
        ADD COLUMN is_active  boolean NOT NULL DEFAULT false,
        ADD COLUMN changed_at bigint  NOT NULL DEFAULT 0; -- milliseconds since 1970
      UPDATE presence SET is_active = state = 'online', changed_at = position;

      -- Since when servers have missed what can be said to them again.
      CREATE TABLE outbox_losses (
        server     text COLLATE "C" PRIMARY KEY,
        lost_since bigint NOT NULL -- milliseconds since 1970
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE outbox_losses, typing_changes;
      ALTER TABLE presence DROP COLUMN is_active, DROP COLUMN changed_at;
      DROP SEQUENCE typing_positions, presence_positions;
    `);
  }
}

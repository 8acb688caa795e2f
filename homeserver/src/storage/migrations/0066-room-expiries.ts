import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When something of a room expires next, so that nobody has to look at rooms in which nothing does. */
export class RoomExpiries1763690000066 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE room_expiries (
        room_nid int PRIMARY KEY,
        due_at   bigint NOT NULL,
        -- What that was found out by: the event that says how long the room keeps messages, and this server's rules.
        wish     bigint,
        rules    text NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE room_expiries');
  }
}

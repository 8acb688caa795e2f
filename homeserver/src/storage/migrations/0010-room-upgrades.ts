import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Upgrades of rooms that have been begun, so that they are finished whatever happens in between. */
export class RoomUpgrades1763690000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE room_upgrades (
        old_room    text COLLATE "C" PRIMARY KEY,
        new_room    text COLLATE "C" NOT NULL,
        upgrader    text COLLATE "C" NOT NULL,
        version     text   NOT NULL, -- of the new room
        finished_at bigint           -- absent while something is left to do
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE room_upgrades');
  }
}

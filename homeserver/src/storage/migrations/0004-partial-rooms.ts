import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Rooms that have been joined, but of which most members are not known yet. */
export class PartialRooms1763690000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE partial_rooms (
        room_nid int  PRIMARY KEY,
        join_id  text COLLATE "C" NOT NULL, -- the state before this event is to be completed
        servers  text[] NOT NULL            -- those in the room, the one that let us in first
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE partial_rooms');
  }
}

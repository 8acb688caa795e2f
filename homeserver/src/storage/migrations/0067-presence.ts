import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How people were when it last changed: written behind what is in memory, so that a restart is no news to anybody. */
export class Presence1763690000067 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE presence (
        user_id     text COLLATE "C" PRIMARY KEY, -- of this server and of others
        state       text NOT NULL,
        last_active bigint,                       -- milliseconds since 1970
        status_msg  text,
        position    bigint NOT NULL               -- in the stream of presence
      );
      CREATE INDEX presence_by_position ON presence (position);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE presence');
  }
}

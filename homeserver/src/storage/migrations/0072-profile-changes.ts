import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When each field of a profile changed last, so that those who follow are told of it. */
export class ProfileChanges1763690000072 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SEQUENCE profile_positions INCREMENT 1000;
      ALTER TABLE profiles
        ADD COLUMN changed  json   NOT NULL DEFAULT '{}', -- positions by field, also of fields that are gone
        ADD COLUMN position bigint NOT NULL DEFAULT 0;    -- the greatest of them
      CREATE INDEX profiles_by_position ON profiles (position) WHERE position > 0;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE profiles DROP COLUMN changed, DROP COLUMN position;
      DROP SEQUENCE profile_positions;
    `);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What somebody has forgotten of a room stays so when they are asked back: an invite gave it back to who declined it. */
export class ForgottenStays1763690000079 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE memberships ADD COLUMN forgotten_up_to bigint; -- position of the membership that was forgotten last
      UPDATE memberships SET forgotten_up_to = position WHERE forgotten;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE memberships DROP COLUMN forgotten_up_to');
  }
}

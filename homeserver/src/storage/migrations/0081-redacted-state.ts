import type { MigrationInterface, QueryRunner } from 'typeorm';

/** State that has lost its content is told to those who have it as it was: they did not see the redaction. It is found by its room. */
export class RedactedState1763690000081 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX events_redacted_state ON events (room_nid, redacted_by)
        WHERE redacted_by IS NOT NULL AND key_number IS NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX events_redacted_state');
  }
}

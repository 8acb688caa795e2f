import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whom a user has verified, and when: news for the user's own devices, and nobody else's. */
export class UserSignatures1763690000063 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE user_signature_changes (
        signer_id text COLLATE "C" NOT NULL REFERENCES accounts (user_id) ON DELETE CASCADE,
        user_id   text COLLATE "C" NOT NULL,
        position  bigint NOT NULL, -- in the stream of device lists
        PRIMARY KEY (signer_id, user_id)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE user_signature_changes');
  }
}

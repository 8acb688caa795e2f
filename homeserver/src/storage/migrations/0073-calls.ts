import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the token service of calls must know of proofs of identity, and the leaves that it was told to see to. */
export class Calls1763690000073 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Those of before live for an hour, and nobody asks for one long before it is used.
      DELETE FROM openid_tokens;
      ALTER TABLE openid_tokens ADD COLUMN device_id text COLLATE "C" NOT NULL;

      -- Delayed events that say that somebody has left a call, which the server sends when they have.
      CREATE TABLE call_delegations (
        user_id   text COLLATE "C" NOT NULL,
        device_id text COLLATE "C" NOT NULL,
        room_id   text COLLATE "C" NOT NULL,
        slot_id   text COLLATE "C" NOT NULL,
        member_id text COLLATE "C" NOT NULL,
        delay_id  text COLLATE "C" NOT NULL UNIQUE REFERENCES delayed_events ON DELETE CASCADE,
        PRIMARY KEY (user_id, room_id, slot_id, member_id)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE call_delegations; ALTER TABLE openid_tokens DROP COLUMN device_id');
  }
}

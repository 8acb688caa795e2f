import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Messages to other servers that must not be lost, and what servers missed that were away for long. */
export class OutboxMessages1763690000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- One row per message, however many servers it goes to. Of those with the same key, the newest says all.
      CREATE TABLE outbox_messages (
        position     bigint PRIMARY KEY, -- place in the stream of these messages
        destinations text[] NOT NULL,
        message_key  text,
        edu          text NOT NULL -- canonical JSON
      );
      CREATE INDEX outbox_messages_by_key ON outbox_messages (message_key, position) WHERE message_key IS NOT NULL;
      ALTER TABLE destinations ADD COLUMN sent_message bigint NOT NULL DEFAULT 0;

      -- For servers that have been away for long: the last event in each room that they were not sent.
      CREATE TABLE outbox_missed (
        server_name text COLLATE "C" NOT NULL,
        room_nid    int    NOT NULL,
        event_nid   bigint NOT NULL,
        position    bigint NOT NULL,
        PRIMARY KEY (server_name, room_nid)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE outbox_missed, outbox_messages;
      ALTER TABLE destinations DROP COLUMN sent_message;
    `);
  }
}

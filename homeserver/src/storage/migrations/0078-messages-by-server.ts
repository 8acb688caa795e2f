import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Messages that wait for one server are found by its name: each of thousands of servers looked through all that waited for any. */
export class MessagesByServer1763690000078 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX outbox_messages_to_one ON outbox_messages ((destinations[1]), position)
       WHERE cardinality(destinations) = 1;
      CREATE INDEX outbox_messages_to_many ON outbox_messages (position) WHERE cardinality(destinations) > 1;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX outbox_messages_to_one, outbox_messages_to_many`);
  }
}

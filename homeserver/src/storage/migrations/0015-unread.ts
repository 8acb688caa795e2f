import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What people have not read, for those of whom it would be costly to find out again. A row is a hint: what is missing, or made
 * by other rules than now, is worked out from the room's timeline.
 */
export class Unread1763690000015 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE unread_events (
        room_nid int    NOT NULL,
        user_id  text   COLLATE "C" NOT NULL,
        up_to    bigint NOT NULL, -- the place in the room's timeline up to which this has been worked out
        rules    text   NOT NULL, -- a digest of the rules that decided
        threads  json   NOT NULL, -- places of what notified, by thread; see features/notifications/backlog.ts
        PRIMARY KEY (room_nid, user_id)
      ) WITH (fillfactor = 80);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE unread_events');
  }
}

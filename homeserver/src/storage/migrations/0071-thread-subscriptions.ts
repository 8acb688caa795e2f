import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which threads people follow, and which they have ceased to. */
export class ThreadSubscriptions1763690000071 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Positions are never used twice, so that a token is never ahead of the stream: see storage/numbers.ts.
      CREATE SEQUENCE thread_subscription_positions INCREMENT 1000;
      CREATE TABLE thread_subscriptions (
        user_id         text COLLATE "C" NOT NULL,
        room_nid        int  NOT NULL,
        root_id         text COLLATE "C" NOT NULL, -- the event that the thread began with
        subscribed      boolean NOT NULL,
        automatic       boolean NOT NULL, -- a client has done it by itself
        unsubscribed_at bigint, -- how far the stream of rooms' events was then
        position        bigint NOT NULL,
        PRIMARY KEY (user_id, room_nid, root_id)
      ) WITH (fillfactor = 80);
      CREATE INDEX thread_subscriptions_by_position ON thread_subscriptions (user_id, position);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE thread_subscriptions;
      DROP SEQUENCE thread_subscription_positions;
    `);
  }
}

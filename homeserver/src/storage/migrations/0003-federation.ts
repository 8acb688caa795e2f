import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is to be sent to other servers, how reachable they are, and their keys. */
export class Federation1763690000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- One row per event, however many servers it goes to: a send writes one row, never one per destination.
      -- Rows go when every destination has acknowledged a position at or above theirs.
      CREATE TABLE outbox (
        position     bigint PRIMARY KEY, -- the event's place in the stream of all events
        event_nid    bigint NOT NULL,
        destinations text[] NOT NULL
      );

      -- Servers that were sent something or could not be reached.
      CREATE TABLE destinations (
        server_name       text COLLATE "C" PRIMARY KEY,
        sent_position     bigint NOT NULL DEFAULT 0, -- everything up to here has been acknowledged
        failing_since     bigint,                    -- these three are absent while it is reachable
        retry_at          bigint,
        retry_interval_ms bigint
      ) WITH (fillfactor = 70);

      CREATE TABLE server_keys (
        server_name text COLLATE "C" NOT NULL,
        key_id      text COLLATE "C" NOT NULL,
        public_key  text   NOT NULL, -- unpadded base64
        valid_until bigint NOT NULL, -- as published; the moment it was retired, for an old key
        is_old      boolean NOT NULL,
        added_at    bigint NOT NULL, -- when it was last published to us
        PRIMARY KEY (server_name, key_id)
      );

      -- The newest answer of each server as it signed it: what a notary hands on.
      CREATE TABLE server_key_answers (
        server_name text COLLATE "C" PRIMARY KEY,
        json        text   NOT NULL,
        valid_until bigint NOT NULL,
        fetched_at  bigint NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE server_key_answers, server_keys, destinations, outbox');
  }
}

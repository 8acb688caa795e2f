import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Events that are sent later (MSC4140), and events that stick for a while (MSC4354). */
export class DelayedEvents1763690000009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE delayed_events (
        delay_id     text COLLATE "C" PRIMARY KEY, -- whoever knows it may send, cancel or restart
        user_id      text COLLATE "C" NOT NULL,
        room_id      text COLLATE "C" NOT NULL,
        type         text   NOT NULL,
        state_key    text,
        content      text   NOT NULL, -- JSON as it was asked for
        sticky       text,            -- names and duration of its stickiness, as JSON
        delay_ms     bigint NOT NULL,
        since        bigint NOT NULL, -- scheduled or last restarted
        due          bigint NOT NULL, -- since + delay_ms
        txn          bytea UNIQUE,    -- names the request; absent for those that have no id
        -- What became of it; absent while it waits.
        outcome      smallint,        -- see OUTCOMES
        by_action    boolean,         -- somebody asked for it, as opposed to its time having come
        finalised_at bigint,
        event_id     text COLLATE "C",
        error        text
      );
      CREATE INDEX ON delayed_events (due) WHERE outcome IS NULL;
      CREATE INDEX ON delayed_events (user_id, due);
      CREATE INDEX ON delayed_events (finalised_at) WHERE outcome IS NOT NULL;

      -- A row per event that sticks, for an hour at most. Memory holds the same; this is for the next start.
      CREATE TABLE sticky_events (
        room_nid   int    NOT NULL,
        event_nid  bigint NOT NULL,
        position   bigint, -- where it became visible in the stream of all events; absent while it is not
        expires_at bigint NOT NULL,
        PRIMARY KEY (room_nid, event_nid)
      );
      CREATE INDEX ON sticky_events (expires_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE sticky_events, delayed_events');
  }
}

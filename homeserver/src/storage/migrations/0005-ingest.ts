import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What ingest keeps of events that could not be judged yet, or may have to be judged again. */
export class Ingest1763690000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- A missing event may be followed by several, and those that were refused must not hide the others.
      ALTER TABLE room_gaps DROP CONSTRAINT room_gaps_pkey, ADD PRIMARY KEY (room_nid, event_id, child_nid);
      CREATE INDEX room_gaps_by_child ON room_gaps (child_nid);

      -- Looked at when something comes in that a rejection may have been wrong without.
      CREATE INDEX events_rejected ON events (room_nid) WHERE status = 2;

      -- Events that nothing can be said about yet, because others are missing that nobody gives us.
      CREATE TABLE held_events (
        room_nid  int NOT NULL,
        event_id  text COLLATE "C" NOT NULL,
        origin    text COLLATE "C" NOT NULL, -- who sent it, and is asked first
        waits_for text[] NOT NULL,
        attempts  int NOT NULL DEFAULT 0,
        retry_at  bigint NOT NULL,
        json      text NOT NULL,
        PRIMARY KEY (room_nid, event_id)
      );
      CREATE INDEX held_events_due ON held_events (retry_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE held_events;
      DROP INDEX events_rejected, room_gaps_by_child;
      DELETE FROM room_gaps g USING room_gaps o
       WHERE g.room_nid = o.room_nid AND g.event_id = o.event_id AND g.child_nid > o.child_nid;
      ALTER TABLE room_gaps DROP CONSTRAINT room_gaps_pkey, ADD PRIMARY KEY (room_nid, event_id);
    `);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Bounds of what strangers can make this server keep, look through or do twice. */
export class RoomBounds1763690000065 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- In the order in which they came: of each server the oldest go first.
      ALTER TABLE held_events ADD COLUMN held_no bigint GENERATED ALWAYS AS IDENTITY;
      CREATE INDEX held_events_by_origin ON held_events (origin, held_no);

      -- Jumping to a date, however many events say that they are of the same moment.
      DROP INDEX events_by_time;
      CREATE INDEX events_by_time ON events (room_nid, sent_at, ord) WHERE ord IS NOT NULL;

      -- Of each kind, a room has one job at a time.
      UPDATE room_jobs j SET state = 'failed', error = 'it was asked for twice', finished_at = j.created_at
       WHERE state IN ('waiting', 'running') AND EXISTS (
         SELECT FROM room_jobs o
          WHERE o.room_id = j.room_id AND o.kind = j.kind AND o.state IN ('waiting', 'running') AND o.job_id < j.job_id);
      CREATE UNIQUE INDEX room_jobs_open ON room_jobs (room_id, kind) WHERE state IN ('waiting', 'running');
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX room_jobs_open, held_events_by_origin, events_by_time;
      CREATE INDEX events_by_time ON events (room_nid, sent_at) WHERE ord IS NOT NULL;
      ALTER TABLE held_events DROP COLUMN held_no;
    `);
  }
}

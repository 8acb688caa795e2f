import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is taken away from rooms, and whole rooms: redacted, purged, left and forgotten, held by an administrator. */
export class RoomUpkeep1763690000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- What redacted events were, for as long as moderators may look.
      CREATE TABLE redacted_originals (
        room_nid   int NOT NULL,
        event_nid  bigint NOT NULL,
        kept_since bigint NOT NULL,
        json       text NOT NULL,
        PRIMARY KEY (room_nid, event_nid)
      );
      CREATE INDEX redacted_originals_by_age ON redacted_originals (kept_since);

      -- Redactions that came before what they redact.
      CREATE TABLE awaited_redactions (
        room_nid      int NOT NULL,
        target_id     text COLLATE "C" NOT NULL,
        redaction_nid bigint NOT NULL,
        PRIMARY KEY (room_nid, target_id, redaction_nid)
      );

      -- Rooms that an administrator has closed to everybody here (blocked), or stopped altogether (quarantined).
      CREATE TABLE room_holds (
        room_id  text COLLATE "C" PRIMARY KEY, -- a room that is not here can be blocked, too
        kind     text NOT NULL,
        readable boolean NOT NULL,
        reason   text,
        set_by   text COLLATE "C" NOT NULL,
        set_at   bigint NOT NULL
      );

      -- Work on rooms that takes its time and survives restarts. Whoever works on a job holds a lease.
      CREATE TABLE room_jobs (
        job_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        room_id      text COLLATE "C" NOT NULL,
        kind         text NOT NULL,
        options      json NOT NULL,
        progress     json NOT NULL,
        state        text NOT NULL, -- waiting, running, done or failed
        error        text,
        requested_by text COLLATE "C", -- none: the server itself
        created_at   bigint NOT NULL,
        due_at       bigint NOT NULL,
        finished_at  bigint,
        attempts     int NOT NULL DEFAULT 0,
        lease_until  bigint NOT NULL DEFAULT 0,
        epoch        bigint NOT NULL DEFAULT 0
      );
      CREATE INDEX room_jobs_due ON room_jobs (due_at) WHERE state IN ('waiting', 'running');
      CREATE INDEX room_jobs_by_room ON room_jobs (room_id, job_id);

      -- Rooms that are gone, for devices which have not heard yet that their user has left them.
      CREATE TABLE room_departures (
        user_id  text COLLATE "C" NOT NULL,
        room_id  text COLLATE "C" NOT NULL,
        position bigint NOT NULL,
        noted_at bigint NOT NULL,
        PRIMARY KEY (user_id, room_id)
      );
      CREATE INDEX room_departures_by_age ON room_departures (noted_at);

      -- Since when nobody here has had anything to do with a room.
      CREATE TABLE room_vacancies (
        room_nid int PRIMARY KEY,
        since    bigint NOT NULL
      );

      -- What happened before has been purged, and is not to be fetched again.
      CREATE TABLE room_floors (
        room_nid      int PRIMARY KEY,
        purged_before bigint NOT NULL
      );

      -- To find what belongs to a room and has no place in an index of its own. None of these has a row per message.
      CREATE INDEX events_outside_timeline ON events (room_nid) WHERE ord IS NULL;
      CREATE INDEX events_by_redaction ON events (redacted_by) WHERE redacted_by IS NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX events_by_redaction, events_outside_timeline;
      DROP TABLE room_floors, room_vacancies, room_departures, room_jobs, room_holds, awaited_redactions,
        redacted_originals;
    `);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What lists of rooms are answered from, and what each connection of sliding sync has been told. */
export class SlidingSync1763690000016 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Written behind the room: of a version that is not the room's, it is out of date.
      CREATE TABLE room_cards (
        room_nid     int PRIMARY KEY REFERENCES rooms ON DELETE CASCADE,
        version      bigint NOT NULL,
        changed      bigint NOT NULL, -- position of the last change of any kind
        bump         bigint NOT NULL, -- position of the last event that brings the room to the top
        room_type    text,
        is_encrypted boolean NOT NULL
      ) WITH (fillfactor = 80);

      CREATE TABLE sliding_connections (
        connection bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        user_id    text COLLATE "C" NOT NULL,
        device_id  text COLLATE "C" NOT NULL,
        conn_id    text COLLATE "C" NOT NULL,
        epoch      text COLLATE "C" NOT NULL, -- differs when a client starts the connection afresh
        used_at    bigint NOT NULL,
        state      text NOT NULL, -- JSON: see features/sync/sliding/connection.ts
        UNIQUE (user_id, device_id, conn_id),
        FOREIGN KEY (user_id, device_id) REFERENCES devices ON DELETE CASCADE
      ) WITH (fillfactor = 80);
      CREATE INDEX sliding_connections_by_use ON sliding_connections (used_at);
      -- What has arrived at the client for certain.
      CREATE TABLE sliding_rooms (
        connection bigint NOT NULL REFERENCES sliding_connections ON DELETE CASCADE,
        room_nid   int NOT NULL,
        told       text NOT NULL, -- JSON
        PRIMARY KEY (connection, room_nid)
      ) WITH (fillfactor = 80);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE sliding_rooms, sliding_connections, room_cards');
  }
}

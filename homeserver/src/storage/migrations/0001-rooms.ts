import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Rooms: events, the state trie, what is current, and the graph of authority.
 *
 * Ids are interned: rooms, events and state keys are numbers everywhere but in the table that names them. Tables lead
 * with the room, which is also how they would be sharded.
 */
export class Rooms1763690000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Numbers are taken in blocks, so that a writer knows the ids of its rows before it writes them.
      CREATE SEQUENCE event_nids INCREMENT 1000;
      CREATE SEQUENCE state_row_ids INCREMENT 1000;
      CREATE SEQUENCE event_positions INCREMENT 10000;

      -- Random values that belong to this database.
      CREATE TABLE secrets (
        name  text PRIMARY KEY,
        value bytea NOT NULL
      );

      CREATE TABLE rooms (
        room_nid int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        room_id  text COLLATE "C" NOT NULL UNIQUE,
        version  text NOT NULL
      );

      -- The newest end of a room that this server takes part in. A write states the version that it was built on.
      CREATE TABLE room_heads (
        room_nid    int PRIMARY KEY REFERENCES rooms ON DELETE CASCADE,
        version     bigint NOT NULL,
        snapshot    bigint NOT NULL,   -- current state: a row of state_rows, 0 when empty
        extremities bigint[] NOT NULL, -- events that no event follows yet
        depth       bigint NOT NULL,
        first_ord   bigint NOT NULL,   -- timeline numbers in use: backfilled ones count down from 0
        last_ord    bigint NOT NULL,
        next_key    int NOT NULL,
        next_auth   int NOT NULL,
        last_auth   bigint NOT NULL  -- the event that has the number before next_auth
      ) WITH (fillfactor = 50);

      CREATE TABLE events (
        event_nid   bigint PRIMARY KEY,
        room_nid    int NOT NULL,
        event_id    text COLLATE "C" NOT NULL UNIQUE,
        ord         bigint,   -- place in the room's timeline; none for outliers, rejected and soft-failed events
        position    bigint,   -- place in the stream of all events, for those in a timeline
        snapshot    bigint,   -- state before it; none when that was never known (outliers)
        key_number  int,      -- which state it sets; none for events that are not state
        auth_number int,      -- place in the graph of authority, for state events that have all their auth events
        replaces    bigint,   -- the event that held its state key before
        depth       bigint NOT NULL,
        sent_at     bigint NOT NULL,
        status      smallint NOT NULL DEFAULT 0, -- 0 accepted, 1 soft-failed, 2 rejected
        redacted_by bigint,
        json        text NOT NULL
      );
      CREATE UNIQUE INDEX events_timeline ON events (room_nid, ord) WHERE ord IS NOT NULL;

      CREATE TABLE room_state_keys (
        room_nid   int NOT NULL,
        key_number int NOT NULL,
        type       text COLLATE "C" NOT NULL,
        state_key  text COLLATE "C" NOT NULL,
        PRIMARY KEY (room_nid, key_number),
        UNIQUE (room_nid, type, state_key)
      );

      -- Nodes of the state tries; see core/state/trie.ts for the format of data.
      CREATE TABLE state_rows (
        row_id     bigint PRIMARY KEY,
        room_nid   int NOT NULL,
        state_hash bytea, -- none for rows that are only parts of a snapshot
        data       bytea NOT NULL
      );
      ALTER TABLE state_rows ALTER COLUMN data SET STORAGE MAIN;
      CREATE INDEX state_rows_by_hash ON state_rows (room_nid, state_hash) WHERE state_hash IS NOT NULL;

      CREATE TABLE current_state (
        room_nid   int NOT NULL,
        key_number int NOT NULL,
        event_nid  bigint NOT NULL,
        PRIMARY KEY (room_nid, key_number)
      ) WITH (fillfactor = 80);

      -- Which snapshot became current at which position.
      CREATE TABLE room_state_log (
        room_nid int NOT NULL,
        position bigint NOT NULL,
        snapshot bigint NOT NULL,
        PRIMARY KEY (room_nid, position)
      );

      CREATE TABLE memberships (
        room_nid   int NOT NULL,
        user_id    text COLLATE "C" NOT NULL,
        membership text NOT NULL,
        event_nid  bigint NOT NULL,
        position   bigint NOT NULL,
        server     text COLLATE "C" NOT NULL,
        sender     text COLLATE "C" NOT NULL,
        stripped   text,    -- what an invited or knocking user may know of a room that this server is not in
        via        text[],  -- servers to join by, as told by the invite
        forgotten  boolean NOT NULL DEFAULT false,
        PRIMARY KEY (room_nid, user_id)
      ) WITH (fillfactor = 80);
      CREATE INDEX memberships_by_user ON memberships (user_id, membership);

      -- Chunks of the graph of authority; see core/state/auth-graph.ts for the format.
      CREATE TABLE auth_chunks (
        room_nid int NOT NULL,
        chunk    int NOT NULL,
        data     bytea NOT NULL,
        PRIMARY KEY (room_nid, chunk)
      ) WITH (fillfactor = 50);

      -- Events that known events follow, but that this server does not have: where history can be fetched.
      CREATE TABLE room_gaps (
        room_nid  int NOT NULL,
        event_id  text COLLATE "C" NOT NULL,
        child_nid bigint NOT NULL,
        PRIMARY KEY (room_nid, event_id)
      );

      -- What a client's transaction id became, so that a repeated request is answered and not repeated.
      CREATE TABLE send_txns (
        key       bytea PRIMARY KEY, -- of device, path and id
        event_nid bigint NOT NULL
      );

      -- Which event was the newest at some times, so that old transactions can be told without a time of their own.
      CREATE TABLE txn_marks (
        at        bigint PRIMARY KEY,
        event_nid bigint NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE txn_marks, send_txns, room_gaps, auth_chunks, memberships, room_state_log, current_state, state_rows,
        room_state_keys, events, room_heads, rooms, secrets;
      DROP SEQUENCE event_nids, state_row_ids, event_positions;
    `);
  }
}

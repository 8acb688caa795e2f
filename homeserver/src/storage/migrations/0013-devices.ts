import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What devices tell each other, the keys that they publish, and backups of the keys that they keep. */
export class Devices1763690000013 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Positions are never used twice, so that a token is never ahead of the stream: see storage/numbers.ts.
      CREATE SEQUENCE to_device_positions INCREMENT 1000;
      CREATE SEQUENCE device_list_positions INCREMENT 1000;

      -- What waits for a device of ours until it has said, by its next sync, that it has it.
      CREATE TABLE to_device_messages (
        user_id   text COLLATE "C" NOT NULL,
        device_id text COLLATE "C" NOT NULL,
        position  bigint NOT NULL,
        sender    text NOT NULL,
        type      text NOT NULL,
        content   text NOT NULL, -- JSON
        PRIMARY KEY (user_id, device_id, position),
        FOREIGN KEY (user_id, device_id) REFERENCES devices ON DELETE CASCADE
      );
      -- Requests of our clients that have been carried out.
      CREATE TABLE to_device_txns (
        key bytea PRIMARY KEY, -- of device, path and id
        at  bigint NOT NULL
      );
      CREATE INDEX to_device_txns_by_time ON to_device_txns (at);
      -- Messages that other servers have sent us.
      CREATE TABLE to_device_received (
        origin     text COLLATE "C" NOT NULL,
        message_id text COLLATE "C" NOT NULL,
        at         bigint NOT NULL,
        PRIMARY KEY (origin, message_id)
      );
      CREATE INDEX to_device_received_by_time ON to_device_received (at);

      -- Identity keys of our devices, each signed by itself.
      CREATE TABLE device_keys (
        user_id   text COLLATE "C" NOT NULL,
        device_id text COLLATE "C" NOT NULL,
        json      text NOT NULL,
        PRIMARY KEY (user_id, device_id),
        FOREIGN KEY (user_id, device_id) REFERENCES devices ON DELETE CASCADE
      );
      CREATE TABLE one_time_keys (
        user_id    text COLLATE "C" NOT NULL,
        device_id  text COLLATE "C" NOT NULL,
        algorithm  text COLLATE "C" NOT NULL,
        key_id     text COLLATE "C" NOT NULL,
        uploaded   bigint GENERATED ALWAYS AS IDENTITY, -- they are given away in this order
        json       text NOT NULL,
        claimed_at bigint, -- remembered for a while, because an upload may be repeated whose answer got lost
        PRIMARY KEY (user_id, device_id, algorithm, key_id),
        FOREIGN KEY (user_id, device_id) REFERENCES devices ON DELETE CASCADE
      );
      CREATE INDEX one_time_keys_left ON one_time_keys (user_id, device_id, algorithm, uploaded)
        WHERE claimed_at IS NULL;
      CREATE INDEX one_time_keys_claimed ON one_time_keys (claimed_at) WHERE claimed_at IS NOT NULL;
      -- What is given away when no one-time key is left.
      CREATE TABLE fallback_keys (
        user_id   text COLLATE "C" NOT NULL,
        device_id text COLLATE "C" NOT NULL,
        algorithm text COLLATE "C" NOT NULL,
        key_id    text NOT NULL,
        json      text NOT NULL,
        used      boolean NOT NULL DEFAULT false,
        PRIMARY KEY (user_id, device_id, algorithm),
        FOREIGN KEY (user_id, device_id) REFERENCES devices ON DELETE CASCADE
      );

      CREATE TABLE cross_signing_keys (
        user_id    text COLLATE "C" NOT NULL REFERENCES accounts ON DELETE CASCADE,
        usage      text NOT NULL, -- master, self_signing or user_signing
        public_key text COLLATE "C" NOT NULL,
        json       text NOT NULL,
        PRIMARY KEY (user_id, usage)
      );
      -- Signatures that were added to keys of devices and users, here or elsewhere, by users of ours.
      CREATE TABLE key_signatures (
        user_id       text COLLATE "C" NOT NULL,
        key_name      text COLLATE "C" NOT NULL, -- a device, or a public key
        signer_id     text COLLATE "C" NOT NULL REFERENCES accounts (user_id) ON DELETE CASCADE,
        signer_key_id text COLLATE "C" NOT NULL,
        signature     text NOT NULL,
        PRIMARY KEY (user_id, key_name, signer_id, signer_key_id)
      );

      -- When a user's keys, or the list of their devices, changed last.
      CREATE TABLE device_list_changes (
        user_id  text COLLATE "C" PRIMARY KEY,
        position bigint NOT NULL
      ) WITH (fillfactor = 80);
      CREATE INDEX device_list_changes_by_position ON device_list_changes (position);
      -- The last update that other servers were told, which the next one refers to.
      CREATE TABLE device_list_told (
        user_id   text COLLATE "C" PRIMARY KEY,
        stream_id bigint NOT NULL
      ) WITH (fillfactor = 80);

      -- Devices of users elsewhere who share a room with ours, as long as they do.
      CREATE TABLE remote_device_lists (
        user_id      text COLLATE "C" PRIMARY KEY,
        stream_id    bigint, -- absent until all of it has been fetched
        master       text,
        self_signing text,
        stale        boolean NOT NULL, -- something was missed: it has to be fetched
        marked       bigint NOT NULL DEFAULT 0, -- counts what has come since a fetch began
        attempts     int    NOT NULL DEFAULT 0,
        retry_at     bigint NOT NULL DEFAULT 0
      );
      CREATE INDEX remote_device_lists_stale ON remote_device_lists (retry_at) WHERE stale;
      CREATE TABLE remote_devices (
        user_id      text COLLATE "C" NOT NULL REFERENCES remote_device_lists ON DELETE CASCADE,
        device_id    text COLLATE "C" NOT NULL,
        json         text NOT NULL,
        display_name text,
        PRIMARY KEY (user_id, device_id)
      );

      CREATE TABLE key_backups (
        user_id   text COLLATE "C" NOT NULL REFERENCES accounts ON DELETE CASCADE,
        version   bigint NOT NULL,
        algorithm text   NOT NULL,
        auth_data text   NOT NULL,
        etag      bigint NOT NULL DEFAULT 0,
        deleted   boolean NOT NULL DEFAULT false,
        PRIMARY KEY (user_id, version)
      );
      CREATE TABLE key_backup_sessions (
        user_id             text COLLATE "C" NOT NULL,
        version             bigint NOT NULL,
        room_id             text COLLATE "C" NOT NULL,
        session_id          text COLLATE "C" NOT NULL,
        first_message_index bigint NOT NULL,
        forwarded_count     bigint NOT NULL,
        is_verified         boolean NOT NULL,
        session_data        text NOT NULL,
        PRIMARY KEY (user_id, version, room_id, session_id),
        FOREIGN KEY (user_id, version) REFERENCES key_backups ON DELETE CASCADE
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE key_backup_sessions, key_backups, remote_devices, remote_device_lists, device_list_told,
        device_list_changes, key_signatures, cross_signing_keys, fallback_keys, one_time_keys, device_keys,
        to_device_received, to_device_txns, to_device_messages;
      DROP SEQUENCE to_device_positions, device_list_positions;
    `);
  }
}

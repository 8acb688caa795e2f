import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Accounts and what belongs to one: sessions, profile, settings. And the names that rooms have here. */
export class Accounts1763690000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE accounts (
        user_id        text COLLATE "C" PRIMARY KEY,
        password_hash  text,             -- none: nobody can log in with a password
        admin          boolean NOT NULL,
        created_at     bigint NOT NULL,
        deactivated_at bigint
      );

      CREATE TABLE devices (
        user_id         text COLLATE "C" NOT NULL REFERENCES accounts ON DELETE CASCADE,
        device_id       text COLLATE "C" NOT NULL,
        display_name    text,
        created_at      bigint NOT NULL,
        last_seen_at    bigint,
        last_seen_ip    text,
        last_seen_agent text,
        PRIMARY KEY (user_id, device_id)
      );

      CREATE TABLE access_tokens (
        token_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        hash       bytea NOT NULL UNIQUE, -- SHA-256: whoever reads the database cannot act as anybody
        user_id    text COLLATE "C" NOT NULL,
        device_id  text COLLATE "C" NOT NULL,
        created_at bigint NOT NULL,
        FOREIGN KEY (user_id, device_id) REFERENCES devices ON DELETE CASCADE
      );
      CREATE INDEX access_tokens_by_device ON access_tokens (user_id, device_id);

      CREATE TABLE registration_tokens (
        token        text COLLATE "C" PRIMARY KEY,
        uses_allowed int,              -- none: any number
        uses         int NOT NULL,
        expires_at   bigint,
        makes_admin  boolean NOT NULL, -- the sign-up link of the first start
        created_at   bigint NOT NULL
      );
      CREATE UNIQUE INDEX one_sign_up_link ON registration_tokens (makes_admin) WHERE makes_admin;

      -- A version that rooms have not been told of yet is work that a restart takes up again.
      CREATE TABLE profiles (
        user_id    text COLLATE "C" PRIMARY KEY,
        fields     json NOT NULL,
        version    bigint NOT NULL,
        propagated bigint NOT NULL
      );
      CREATE INDEX profiles_to_propagate ON profiles (user_id) WHERE propagated < version;

      CREATE TABLE filters (
        filter_id  bigint GENERATED ALWAYS AS IDENTITY,
        user_id    text COLLATE "C" NOT NULL,
        hash       bytea NOT NULL,
        definition json NOT NULL,      -- as the client wrote it: clients compare
        PRIMARY KEY (user_id, filter_id),
        UNIQUE (user_id, hash)
      );

      CREATE TABLE account_data (
        user_id  text COLLATE "C" NOT NULL,
        room_id  text COLLATE "C" NOT NULL, -- empty: not of any room
        type     text COLLATE "C" NOT NULL,
        content  json NOT NULL,
        position bigint NOT NULL,
        PRIMARY KEY (user_id, room_id, type)
      );
      CREATE INDEX account_data_changes ON account_data (user_id, position);
      CREATE INDEX account_data_last ON account_data (position);

      CREATE TABLE room_aliases (
        alias      text COLLATE "C" PRIMARY KEY,
        room_id    text COLLATE "C" NOT NULL,
        creator    text COLLATE "C" NOT NULL,
        created_at bigint NOT NULL
      );
      CREATE INDEX room_aliases_by_room ON room_aliases (room_id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE room_aliases, account_data, filters, profiles, registration_tokens, access_tokens, devices, accounts;
    `);
  }
}

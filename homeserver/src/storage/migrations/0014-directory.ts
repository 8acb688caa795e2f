import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Finding rooms and people: the published rooms, the directory of users, and tokens that prove to others who one is. */
export class Directory1763690000014 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE published_rooms (
        room_id      text COLLATE "C" NOT NULL,
        network      text COLLATE "C" NOT NULL DEFAULT '', -- a bridge's list; empty: the server's own
        published_by text COLLATE "C" NOT NULL,
        published_at bigint NOT NULL,
        PRIMARY KEY (room_id, network)
      );

      -- What published rooms are found and ordered by, as of one state of each.
      CREATE TABLE room_listings (
        room_id   text COLLATE "C" PRIMARY KEY,
        snapshot  bigint NOT NULL,  -- the state that the row tells of: another one is current, the row is stale
        joined    int NOT NULL,
        is_shown  boolean NOT NULL, -- somebody of ours is in it, and others can get in or look in
        room_type text,
        words     text NOT NULL     -- folded
      );
      CREATE INDEX room_listings_by_size ON room_listings (joined DESC, room_id);

      CREATE TABLE openid_tokens (
        hash       text COLLATE "C" PRIMARY KEY,
        user_id    text COLLATE "C" NOT NULL REFERENCES accounts ON DELETE CASCADE,
        expires_at bigint NOT NULL
      );
      CREATE INDEX openid_tokens_by_expiry ON openid_tokens (expires_at);

      -- What people are called, as far as somebody here may come to know it.
      CREATE TABLE user_directory (
        user_id      text COLLATE "C" PRIMARY KEY,
        display_name text,
        avatar_url   text,
        is_public    boolean NOT NULL, -- learnt from where everybody may look
        words        tsvector NOT NULL
      );
      CREATE INDEX user_directory_words ON user_directory USING gin (words);

      -- Up to which membership the directory has been brought.
      CREATE TABLE user_directory_progress (
        one       boolean PRIMARY KEY DEFAULT true CHECK (one),
        up_to     bigint NOT NULL,
        last_room int NOT NULL,
        last_user text COLLATE "C" NOT NULL
      );
      INSERT INTO user_directory_progress (up_to, last_room, last_user) VALUES (-1, 0, '');
      CREATE INDEX memberships_joined_since ON memberships (position, room_nid, user_id) WHERE membership = 'join';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX memberships_joined_since;
      DROP TABLE user_directory_progress, user_directory, openid_tokens, room_listings, published_rooms;
    `);
  }
}

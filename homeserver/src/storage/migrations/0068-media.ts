import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Files that people send, those of other servers that were fetched for them, and what both look like small. */
export class Media1763690000068 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- What lies in the media folder, each content once. A row is there before its file and goes after it.
      CREATE TABLE media_files (
        hash      bytea PRIMARY KEY, -- SHA-256: the name of the file
        size      bigint NOT NULL,
        stored_at bigint NOT NULL,
        hold      text COLLATE "C" CHECK (hold IN ('quarantined', 'protected')),
        held_by   text COLLATE "C",
        held_at   bigint
      );

      -- Every mxc:// address that is known.
      CREATE TABLE media (
        origin       text COLLATE "C" NOT NULL,
        media_id     text COLLATE "C" NOT NULL,
        hash         bytea REFERENCES media_files, -- null: announced, not here yet
        content_type text NOT NULL DEFAULT '',
        filename     text,
        uploader     text COLLATE "C", -- null: nobody here
        created_at   bigint NOT NULL,  -- when it came to this server
        used_at      bigint NOT NULL,  -- kept to the day
        expires_at   bigint,           -- until when what is announced may be uploaded
        is_open      boolean NOT NULL, -- came while files were shown to whoever has their address
        PRIMARY KEY (origin, media_id)
      );
      CREATE INDEX media_by_hash ON media (hash);
      CREATE INDEX media_by_uploader ON media (uploader, created_at DESC, media_id) WHERE uploader IS NOT NULL;
      CREATE INDEX media_of_others ON media (used_at) WHERE uploader IS NULL;
      CREATE INDEX media_announced ON media (expires_at) WHERE hash IS NULL;

      CREATE TABLE media_usage (
        user_id text COLLATE "C" PRIMARY KEY,
        bytes   bigint NOT NULL,
        files   bigint NOT NULL
      );

      CREATE TABLE media_thumbnails (
        hash         bytea NOT NULL REFERENCES media_files ON DELETE CASCADE,
        variant      text COLLATE "C" NOT NULL, -- such as '96x96 crop'
        thumbnail    bytea REFERENCES media_files, -- null: the file is small enough as it is
        content_type text NOT NULL,
        made_at      bigint NOT NULL,
        PRIMARY KEY (hash, variant)
      );
      CREATE INDEX media_thumbnails_by_file ON media_thumbnails (thumbnail);

      -- Files that something ceased to refer to, to be looked at: they may still be needed by others.
      CREATE TABLE media_loose (hash bytea PRIMARY KEY, since bigint NOT NULL);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE media_loose, media_thumbnails, media_usage, media, media_files');
  }
}

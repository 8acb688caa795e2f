import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * PostgreSQL reads nothing of a JSON text in which anything stands that is no text to it: a zero, or half a character. Anybody
 * may have one in their name. Of the texts given to this function, what is escaped cannot be read, and all else can.
 */
export class ReadableJson1763690000080 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(String.raw`
      CREATE FUNCTION readable_json(text) RETURNS json LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT CASE WHEN strpos($1, '\u') = 0 THEN $1
                    ELSE regexp_replace($1, '(?<!\\)((?:\\\\)*)\\u[0-9a-fA-F]{4}', '\1?', 'g') END::json
      $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION readable_json(text)');
  }
}

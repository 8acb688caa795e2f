import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Which events of timelines say something about another one: https://spec.matrix.org/latest/client-server-api/#forming-relationships-between-events
 *
 * Parents are named by id, because children may arrive before them. A row goes when its event is redacted.
 */
export class Relations1763690000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE event_relations (
        room_nid   int NOT NULL,
        child_nid  bigint NOT NULL,
        parent_id  text COLLATE "C" NOT NULL,
        rel_type   text COLLATE "C" NOT NULL,
        event_type text COLLATE "C" NOT NULL,
        sender     text COLLATE "C" NOT NULL,
        key        text COLLATE "C",  -- what an annotation says
        ord        bigint NOT NULL,   -- the child's place in the room's timeline
        sent_at    bigint NOT NULL,
        PRIMARY KEY (room_nid, child_nid)
      );
      CREATE INDEX event_relations_by_parent ON event_relations (room_nid, parent_id, rel_type, ord);
      -- Who has taken part in which thread, and who has said what of an event already.
      CREATE INDEX event_relations_by_sender ON event_relations (room_nid, sender, parent_id)
        WHERE rel_type IN ('m.thread', 'm.annotation');
      -- A room's threads by their newest events.
      CREATE INDEX event_relations_threads ON event_relations (room_nid, ord) WHERE rel_type = 'm.thread';
      -- Jumping to a date.
      CREATE INDEX events_by_time ON events (room_nid, sent_at) WHERE ord IS NOT NULL;
    `);
    await runner.query(INDEX_WHAT_IS_STORED);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX events_by_time; DROP TABLE event_relations;');
  }
}

/** Content is whatever somebody sent: what PostgreSQL cannot read (such as U+0000) relates to nothing. */
const INDEX_WHAT_IS_STORED = `
  CREATE FUNCTION pg_temp.content_of(pdu text) RETURNS json LANGUAGE plpgsql AS $$
  BEGIN
    RETURN (pdu::jsonb -> 'content')::json;
  EXCEPTION WHEN others THEN
    RETURN NULL;
  END $$;
  CREATE FUNCTION pg_temp.text_of(value json) RETURNS text LANGUAGE sql AS
    $$ SELECT CASE WHEN json_typeof(value) = 'string' THEN value #>> '{}' END $$;

  INSERT INTO event_relations (room_nid, child_nid, parent_id, rel_type, event_type, sender, key, ord, sent_at)
  SELECT room_nid, event_nid, parent_id, rel_type, event_type, sender,
         CASE WHEN rel_type = 'm.annotation' THEN key END, ord, sent_at
    FROM (SELECT e.room_nid, e.event_nid, e.ord, e.sent_at,
                 pg_temp.text_of(relates -> 'event_id') AS parent_id, pg_temp.text_of(relates -> 'rel_type') AS rel_type,
                 pg_temp.text_of(relates -> 'key') AS key, e.json::json ->> 'type' AS event_type,
                 e.json::json ->> 'sender' AS sender
            FROM events e CROSS JOIN LATERAL (SELECT pg_temp.content_of(e.json) -> 'm.relates_to') AS c(relates)
           WHERE e.ord IS NOT NULL AND e.redacted_by IS NULL AND e.json LIKE '%"m.relates_to"%'
             AND json_typeof(relates) = 'object') AS found
   WHERE parent_id LIKE '$%' AND octet_length(parent_id) <= 255 AND octet_length(rel_type) <= 255;

  DROP FUNCTION pg_temp.content_of(text);
  DROP FUNCTION pg_temp.text_of(json);`;

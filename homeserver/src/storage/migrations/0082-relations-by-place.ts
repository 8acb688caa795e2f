import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What has to do with other events is found by its place in the room's timeline. The condition holds always: only who states it is given
 * this index, or PostgreSQL might look through a room for what is said of one event, while it does not know yet how large the table is.
 */
export class RelationsByPlace1763690000082 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX event_relations_by_place ON event_relations (room_nid, ord) WHERE room_nid > 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX event_relations_by_place');
  }
}

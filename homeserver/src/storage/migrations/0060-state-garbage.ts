import type { MigrationInterface, QueryRunner } from 'typeorm';

/** States that nothing needs any more are found, condemned and deleted; see `rooms/state/collect`. */
export class StateGarbage1763690000060 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Rows that nothing led to. Nobody takes them up any more; what still leads to none of them later is deleted.
      CREATE TABLE state_garbage (
        row_id   bigint PRIMARY KEY REFERENCES state_rows ON DELETE CASCADE,
        room_nid int NOT NULL
      );
      CREATE INDEX state_garbage_by_room ON state_garbage (room_nid);

      CREATE TABLE state_collections (
        room_nid     int PRIMARY KEY REFERENCES rooms ON DELETE CASCADE,
        writes       bigint NOT NULL, -- the version of the room's head when it was last looked at
        condemned_at bigint           -- when rows were condemned that wait for being deleted
      );
      CREATE INDEX state_collections_waiting ON state_collections (condemned_at) WHERE condemned_at IS NOT NULL;

      -- Events outside of the timeline that name a state.
      CREATE INDEX events_beside ON events (room_nid) WHERE ord IS NULL AND snapshot IS NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX events_beside; DROP TABLE state_collections; DROP TABLE state_garbage');
  }
}

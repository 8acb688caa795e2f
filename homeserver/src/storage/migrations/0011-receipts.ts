import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far everybody has read. */
export class Receipts1763690000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE receipts (
        room_nid     int    NOT NULL,
        user_id      text   COLLATE "C" NOT NULL,
        receipt_type text   COLLATE "C" NOT NULL,
        thread_id    text   COLLATE "C", -- none for a receipt of no thread
        event_id     text   COLLATE "C" NOT NULL,
        ord          bigint, -- the event's place in the room's timeline; none where we do not have it
        ts           bigint NOT NULL,
        position     bigint NOT NULL, -- place in the stream of receipts; those told together share it
        UNIQUE NULLS NOT DISTINCT (room_nid, user_id, receipt_type, thread_id)
      ) WITH (fillfactor = 80);
      CREATE INDEX receipts_by_room ON receipts (room_nid, position);
      CREATE INDEX receipts_by_position ON receipts (position);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE receipts');
  }
}

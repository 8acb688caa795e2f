import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What has been read since a server went away is found without looking at everything that was ever read. */
export class RecentReceipts1763690000069 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX receipts_by_time ON receipts (ts) WHERE receipt_type = 'm.read'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX receipts_by_time');
  }
}

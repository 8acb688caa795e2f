import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Positions of receipts and account data from sequences, too. The newest row said where the stream was, but a position may
 * have left none behind, or its row may be gone: after a restart tokens were ahead of the stream, and clients started afresh.
 */
export class StreamPositions1763690000070 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const [sequence, table] of [
      ['receipt_positions', 'receipts'],
      ['account_data_positions', 'account_data'],
    ] as const) {
      // Tokens that clients hold may be that far ahead of the rows.
      await runner.query(`
        DO $$ BEGIN
          EXECUTE format('CREATE SEQUENCE ${sequence} INCREMENT 1000 START %s',
                         (SELECT coalesce(max(position) + 10000000, 1) FROM ${table}));
        END $$`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SEQUENCE receipt_positions, account_data_positions');
  }
}

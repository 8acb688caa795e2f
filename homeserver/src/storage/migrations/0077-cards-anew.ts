import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What lists of rooms say of a room was written down as up to date that had been joined after somebody was invited to it from another
 * server: without its type and encryption, and at the end of every list. Each is made anew when it is asked for.
 */
export class CardsAnew1763690000077 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`UPDATE room_cards SET version = 0`);
  }

  async down(): Promise<void> {
    // There is nothing to take back.
  }
}

import type { Database, ReadTx } from './database.ts';
import { sql } from './sql.ts';

/** The sequences whose numbers are taken in blocks, with the sizes of their blocks (`INCREMENT`). */
const BLOCK = {
  event_nids: 1000,
  state_row_ids: 1000,
  event_positions: 10_000,
  to_device_positions: 1000,
  device_list_positions: 1000,
  thread_subscription_positions: 1000,
  receipt_positions: 1000,
  account_data_positions: 1000,
  profile_positions: 1000,
  typing_positions: 1000,
  presence_positions: 1000,
} as const;
export type Sequence = keyof typeof BLOCK;

/**
 * Numbers that are known before anything is written.
 *
 * A block is taken from a sequence with one query, then handed out from memory. What is left of a block when the
 * server stops is never used.
 */
export class Numbers {
  readonly #db: Database;
  readonly #sequence: Sequence;
  readonly #blocks: { next: number; readonly end: number }[] = [];
  #available = 0;
  /** Where the newest block ends. */
  #end = 0;
  #refill: Promise<void> | undefined;

  constructor(db: Database, sequence: Sequence) {
    this.#db = db;
    this.#sequence = sequence;
  }

  /** Makes sure that `take` can be called `count` times without waiting. Nothing to wait for if it can. */
  ensure(count: number): Promise<void> | undefined {
    return this.#available < count ? this.#fill(count) : undefined;
  }

  /**
   * What `use` gives, which may `take` so many: called once they are there, however many wait for that. After `ensure`,
   * others who have waited may be the first to take theirs.
   *
   * Who is in a transaction asks through it: to wait for another connection while all are held by who waits, too, would
   * never end.
   */
  async whenAtHand<T>(count: number, use: () => T, tx?: ReadTx): Promise<T> {
    while (this.#available < count) await (tx ? this.#reserve(tx) : this.#fill(count));
    return use();
  }

  async #fill(count: number): Promise<void> {
    while (this.#available < count) {
      this.#refill ??= this.#reserve(this.#db).finally(() => (this.#refill = undefined));
      await this.#refill;
    }
  }

  take(): number {
    const [block] = this.#blocks;
    if (!block) throw new Error(`no numbers of ${this.#sequence} at hand: ensure() first`);
    this.#available--;
    const number = block.next++;
    if (block.next === block.end) this.#blocks.shift();
    return number;
  }

  async #reserve(db: ReadTx): Promise<void> {
    const size = BLOCK[this.#sequence];
    const [row] = await db.rows<{ start: number }>(sql`SELECT nextval(${this.#sequence}::regclass) AS start`);
    if (!row) throw new Error(`the sequence ${this.#sequence} gave no number`);
    // Numbers only grow: of blocks that were asked for at once, one that comes late is left aside.
    if (row.start < this.#end) return;
    this.#end = row.start + size;
    this.#blocks.push({ next: row.start, end: this.#end });
    this.#available += size;
  }
}

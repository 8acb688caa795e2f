import type { ServerName } from '@holm/spec/ids';
import type { Database } from '../../storage/database.ts';
import { type Behind, outboxStore, type Waiting } from './outbox.store.ts';

const MAX_ROWS = 1_000;

/** Each of hundreds of servers asks of each row whether it is for it. */
interface Row extends Waiting {
  readonly destinations: ReadonlySet<ServerName>;
}

/**
 * The newest rows of the outbox, read once for all destinations: an event for a hundred servers costs one query.
 *
 * Settled rows never change and none is ever added among them, so what is kept here needs no invalidation. A destination
 * that is further behind reads the database.
 */
export class RecentRows {
  readonly #db: Database;
  /** All rows above `floor`, up to and including `ceiling`. */
  #rows: Row[] = [];
  #floor: number;
  #ceiling: number;
  #extending: Promise<void> | undefined;

  constructor(db: Database, settled: number) {
    this.#db = db;
    this.#floor = settled;
    this.#ceiling = settled;
  }

  /** What a destination gets next, in order. `upTo` must be settled. */
  async next(behind: Behind, upTo: number, limit: number): Promise<Waiting[]> {
    while (this.#ceiling < upTo) {
      this.#extending ??= this.#extend(upTo).finally(() => (this.#extending = undefined));
      await this.#extending;
    }
    if (behind.sentPosition < this.#floor) return outboxStore.next(this.#db, behind, upTo, limit);
    const first = this.#rows.findLastIndex(({ position }) => position <= behind.sentPosition) + 1;
    return this.#rows
      .slice(first)
      .filter(({ position, destinations }) => position <= upTo && destinations.has(behind.server))
      .slice(0, limit);
  }

  async #extend(upTo: number): Promise<void> {
    const newer = await outboxStore.newest(this.#db, this.#ceiling, upTo, MAX_ROWS);
    const all = [...this.#rows, ...newer.map((row) => ({ ...row, destinations: new Set(row.destinations) }))];
    const dropped = all.length - MAX_ROWS;
    // A full answer may have left out rows between the ceiling and its first.
    if (newer.length === MAX_ROWS) this.#floor = (newer[0]?.position ?? 1) - 1;
    else if (dropped > 0) this.#floor = all[dropped - 1]?.position ?? this.#floor;
    this.#rows = dropped > 0 ? all.slice(dropped) : all;
    this.#ceiling = upTo;
  }
}

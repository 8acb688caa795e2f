import { isUnheard } from '../../storage/broken.ts';
import type { Database, ReadTx } from '../../storage/database.ts';
import type { RoomNid } from '../model.ts';
import { roomsStore } from '../rooms.store.ts';
import type { RoomWrite } from './room-write.ts';
import { NONE_KEPT, type OriginalsKept } from './redaction-tables.ts';
import { writeStatement } from './write-statement.ts';

/** Statements in flight. With two, one is being written while the next one gathers. */
const MAX_IN_FLIGHT = 2;
/** Writes in one statement at most. */
const MAX_TOGETHER = 64;

interface Waiting {
  readonly write: RoomWrite;
  readonly resolve: (committed: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/** Commits the writes of all rooms, those that wait at the same time together. */
export class RoomWriter {
  readonly #db: Database;
  readonly #originals: OriginalsKept;
  readonly #waiting: Waiting[] = [];
  #inFlight = 0;

  constructor(db: Database, originals: OriginalsKept = NONE_KEPT) {
    this.#db = db;
    this.#originals = originals;
  }

  /** Durable once it resolves. False: the room's head has moved, and nothing was written. */
  commit(write: RoomWrite): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      this.#start();
    });
  }

  /** As `commit`, as part of a larger transaction. */
  async commitIn(tx: ReadTx, write: RoomWrite): Promise<boolean> {
    return (await this.#write(tx, [write])).has(write.room);
  }

  #start(): void {
    while (this.#waiting.length > 0 && this.#inFlight < MAX_IN_FLIGHT) {
      this.#inFlight++;
      void this.#flush(this.#waiting.splice(0, MAX_TOGETHER)).finally(() => {
        this.#inFlight--;
        this.#start();
      });
    }
  }

  async #flush(batch: readonly Waiting[]): Promise<void> {
    try {
      const committed = await this.#write(
        this.#db,
        batch.map(({ write }) => write),
      );
      for (const { write, resolve } of batch) resolve(committed.has(write.room));
    } catch (error) {
      const failed = isUnheard(error) ? await this.#notWritten(batch) : batch;
      if (batch.length === 1) for (const { reject } of failed) reject(error);
      // One room's trouble is not the others': each for itself.
      else for (const one of failed) await this.#flush([one]);
    }
  }

  /**
   * The connection broke before an answer came. What is durable all the same must be told, or nobody who follows would hear of
   * it: their tokens pass it by. Till that is known, its positions hold them back.
   */
  async #notWritten(batch: readonly Waiting[]): Promise<readonly Waiting[]> {
    const failed: Waiting[] = [];
    for (const one of batch) {
      try {
        if (await roomsStore.isHead(this.#db, one.write.room, one.write.head)) one.resolve(true);
        else failed.push(one);
      } catch {
        failed.push(one);
      }
    }
    return failed;
  }

  async #write(tx: ReadTx, writes: readonly RoomWrite[]): Promise<ReadonlySet<RoomNid>> {
    const rows = await tx.rows<{ room_nid: RoomNid }>(writeStatement(writes, this.#originals));
    return new Set(rows.map((row) => row.room_nid));
  }
}

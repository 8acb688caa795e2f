import { TrieMarks } from '../../../core/state/trie-marks.ts';
import { decodeRow, type RowId } from '../../../core/state/trie-row.ts';
import type { Clock, UnixMillis } from '../../../platform/clock.ts';
import type { KeyedQueue } from '../../../platform/keyed-queue.ts';
import type { Metrics } from '../../../platform/metrics.ts';
import type { Database } from '../../../storage/database.ts';
import type { RoomNid } from '../../model.ts';
import { REMEMBERED_MS } from '../after-states.ts';
import type { Tries } from '../tries.ts';
import { collectorStore as store } from './collector.store.ts';

/** Between condemning and deleting: longer than anybody remembers a state, and than any step takes. */
export const WAIT_MS = 2 * REMEMBERED_MS;
const ROOMS_AT_ONCE = 20;
const ROWS_AT_ONCE = 500;
const ROOTS_AT_ONCE = 5_000;

export interface CollectorDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly tries: Pick<Tries, 'condemned'>;
  readonly queue: Pick<KeyedQueue<RoomNid>, 'run'>;
}

/**
 * Deletes states that nothing needs: those of branches on which nobody went on, and what purged history leaves behind.
 *
 * Nothing counts references, so a room's rows are marked from all that names a state. A step that is being built
 * meanwhile may take up a state that nothing names, because it is equal to the one it wants. Therefore rows go in two
 * passes: the first *condemns* what it does not reach, and from then on nobody finds it any more. When all steps that
 * may have found it before are over, the second marks again and deletes what still nothing leads to. What can be
 * found counts as needed then, since it may lead to a condemned row. Each pass may be broken off and done again.
 */
export class StateCollector {
  readonly #deps: CollectorDeps;
  readonly #collected: ReturnType<typeof collectorTelemetry>;

  constructor(deps: CollectorDeps) {
    this.#deps = deps;
    this.#collected = collectorTelemetry(deps.metrics);
  }

  /** Some rooms that are due, one after the other. */
  async run(): Promise<void> {
    const { db, clock } = this.#deps;
    const now = clock.now();
    for (const { room_nid: room } of await store.waiting(db, (now - WAIT_MS) as UnixMillis, ROOMS_AT_ONCE)) {
      await this.remove(room);
    }
    for (const { room_nid: room, version } of await store.due(db, ROOMS_AT_ONCE)) {
      const found = (await store.hasOthers(db, room)) ? await this.condemn(room) : 0;
      await store.looked(db, room, version, found > 0 ? now : undefined);
    }
  }

  /** The first pass; resolves to the number of rows that are condemned now. */
  async condemn(room: RoomNid): Promise<number> {
    const { db, tries } = this.#deps;
    const marks = await this.#mark(room);
    const unreached = marks.unreached();
    for (const ids of chunks(unreached)) await store.condemn(db, ids);
    if (unreached.length > 0) tries.condemned();
    return unreached.length;
  }

  /** The second pass. */
  async remove(room: RoomNid): Promise<void> {
    const { db, tries, queue } = this.#deps;
    // Steps that had found a condemned state are over behind this, and what they remembered is forgotten.
    await queue.run(room, () => Promise.resolve());
    tries.condemned();
    const marks = await this.#mark(room, await store.findable(db, room));
    const condemned = await store.condemned(db, room);
    for (const ids of chunks(condemned.filter((id) => !marks.isReached(id)))) {
      const sizes = await store.remove(db, ids);
      this.#collected.rows.add(sizes.length, {});
      this.#collected.bytes.add(
        sizes.reduce((sum, size) => sum + size, 0),
        {},
      );
    }
    for (const ids of chunks(condemned.filter((id) => marks.isReached(id)))) await store.reprieve(db, ids);
    await store.over(db, room);
  }

  /** Marks what is needed. Rows first, then what names them: a row is written together with what names it. */
  async #mark(room: RoomNid, alsoNeeded: readonly RowId[] = []): Promise<TrieMarks> {
    const { db } = this.#deps;
    const ids = await store.rowIds(db, room);
    const marks = new TrieMarks(Float64Array.from(ids, ({ row_id }) => row_id));
    for (const id of alsoNeeded) marks.addRoot(id);
    for (const source of ['timeline', 'log'] as const) await this.#addRoots(marks, room, source);
    for (const id of await store.otherRoots(db, room)) marks.addRoot(id);
    for (let next = marks.next(ROWS_AT_ONCE); next.length > 0; next = marks.next(ROWS_AT_ONCE)) {
      const rows = new Map((await store.rows(db, next)).map(({ row_id: id, data }) => [id, { id, data }]));
      for (const id of next) {
        const row = rows.get(id);
        // Purged together with its room.
        marks.follow(row ? decodeRow(row) : { id, nodes: [] });
      }
    }
    return marks;
  }

  async #addRoots(marks: TrieMarks, room: RoomNid, source: 'timeline' | 'log'): Promise<void> {
    for (let after = Number.MIN_SAFE_INTEGER; ;) {
      const page = await store.page(this.#deps.db, source, { room, after, limit: ROOTS_AT_ONCE });
      for (const { snapshot } of page) if (snapshot) marks.addRoot(snapshot);
      const last = page.at(-1);
      if (!last || page.length < ROOTS_AT_ONCE) return;
      after = last.at;
    }
  }
}

const chunks = function* (ids: readonly RowId[]): Generator<readonly RowId[]> {
  for (let at = 0; at < ids.length; at += ROWS_AT_ONCE) yield ids.slice(at, at + ROWS_AT_ONCE);
};

const collectorTelemetry = (metrics: Metrics) => ({
  rows: metrics.counter('holm_state_rows_collected_total', 'Rows of room states that nothing needed any more.', {}),
  bytes: metrics.counter('holm_state_bytes_collected_total', 'Bytes in those rows.', {}),
});

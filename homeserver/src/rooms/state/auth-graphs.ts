import { LRUCache } from 'lru-cache';
import { decodeChunk, type AuthEntry } from '../../core/state/auth-graph-chunk.ts';
import { AuthGraph } from '../../core/state/auth-graph.ts';
import { weighAgain } from '../../platform/at-most.ts';
import { breathe } from '../../platform/breathe.ts';
import type { Database, ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import type { RoomNid } from '../model.ts';

/** State events of all graphs in memory together; about 20 bytes each. */
const CACHED_EVENTS = 5_000_000;

/** Decoded without a pause: some milliseconds' worth. */
const CHUNKS_AT_ONCE = 200;

const store = {
  chunks: (tx: ReadTx, room: RoomNid): Promise<{ data: Buffer }[]> =>
    tx.rows(named('auth.chunks', sql`SELECT data FROM auth_chunks WHERE room_nid = ${room} ORDER BY chunk`)),
};

/** Who takes authority from whom, room by room; loaded when a fork or another server asks. */
export class AuthGraphs {
  readonly #db: Database;
  readonly #graphs = new LRUCache<RoomNid, AuthGraph>({
    maxSize: CACHED_EVENTS,
    sizeCalculation: (graph) => graph.size + 1,
  });
  readonly #loading = new Map<RoomNid, Promise<AuthGraph>>();

  constructor(db: Database) {
    this.#db = db;
  }

  of(room: RoomNid): Promise<AuthGraph> {
    const cached = this.#graphs.get(room);
    if (cached) return Promise.resolve(cached);
    const known = this.#loading.get(room);
    if (known) return known;
    const loading: Promise<AuthGraph> = this.#load(room, () => this.#loading.get(room) === loading).finally(() => {
      if (this.#loading.get(room) === loading) this.#loading.delete(room);
    });
    this.#loading.set(room, loading);
    return loading;
  }

  /** As `of`, with the entries of a step that is being built. If that comes to nothing, `drop` the graph. */
  async with(room: RoomNid, entries: readonly AuthEntry[]): Promise<AuthGraph> {
    const graph = await this.of(room);
    extend(graph, entries);
    return graph;
  }

  /** Entries have been committed. */
  added(room: RoomNid, entries: readonly AuthEntry[]): void {
    const graph = this.#graphs.peek(room);
    if (graph && entries.length > 0) {
      extend(graph, entries);
      weighAgain(this.#graphs, room);
    }
    // What is being read may or may not have them.
    if (entries.length > 0) this.#loading.delete(room);
  }

  drop(room: RoomNid): void {
    this.#graphs.delete(room);
    this.#loading.delete(room);
  }

  /** `isWanted`: whether nothing has outdated or dropped the graph while it was read. Else it is only for who asked before that. */
  async #load(room: RoomNid, isWanted: () => boolean): Promise<AuthGraph> {
    const graph = new AuthGraph();
    for (const [index, { data }] of (await store.chunks(this.#db, room)).entries()) {
      if (index % CHUNKS_AT_ONCE === CHUNKS_AT_ONCE - 1) await breathe();
      decodeChunk(graph, data);
    }
    if (isWanted()) this.#graphs.set(room, graph);
    return graph;
  }
}

const extend = (graph: AuthGraph, entries: readonly AuthEntry[]): void => {
  for (const { ordinal, nid, authEvents } of entries) if (ordinal === graph.size) graph.append(nid, authEvents);
};

import { LRUCache } from 'lru-cache';
import { decideWith } from './decide-with.ts';
import {
  EMPTY_STATE_HASH,
  fromStoredHash,
  type StateHash,
  type StateHasher,
  type StoredHash,
  toStoredHash,
} from '../../core/state/state-hash.ts';
import { find } from '../../core/state/trie-find.ts';
import type { TrieQuestion } from '../../core/state/trie-nodes.ts';
import { diff, diffMany, entries, lookup } from '../../core/state/trie-read.ts';
import { decodeRow, isPatch, type Root, type Row, type RowId } from '../../core/state/trie-row.ts';
import { update } from '../../core/state/trie-update.ts';
import type { Database, ReadTx } from '../../storage/database.ts';
import { Gather } from '../../storage/gather.ts';
import type { Numbers } from '../../storage/numbers.ts';
import { named, sql } from '../../storage/sql.ts';
import { EMPTY_STATE, type EventNid, type KeyNumber, type RoomNid, type SnapshotId } from '../model.ts';
import type { StateRow } from '../write/room-write.ts';

/** Roughly what V8 takes for a row, for each node of it, and for each number in a node. */
const [ROW_BYTES, NODE_BYTES, NUMBER_BYTES] = [250, 120, 8];
/** More numbers than any change of state takes rows, but for a room's whole state. */
const ROWS_PER_CHANGE = 8;
/** More than all rooms that change at the same moment can take while the next block is being fetched. */
const ROWS_AT_HAND = 4_000;
const KEYS_PER_ROW = 64;

interface CachedRow {
  readonly row: Row;
  /** Absent for rows that are only parts of a snapshot. */
  readonly hash: StateHash | undefined;
}

export interface NextState {
  readonly snapshot: SnapshotId;
  /** To be written with the event that the state belongs to. */
  readonly rows: readonly StateRow[];
}

interface StoredRow {
  readonly row_id: RowId;
  readonly hash_head: number | null;
  readonly hash_rest: Buffer | null;
  readonly data: Buffer;
}

const store = {
  rows: (tx: ReadTx, ids: readonly RowId[]): Promise<StoredRow[]> =>
    tx.rows(
      named(
        'state.rows',
        sql`SELECT row_id, hash_head, hash_rest, data FROM state_rows WHERE row_id = ANY(${ids}::bigint[])`,
      ),
    ),

  async withHash(tx: ReadTx, room: RoomNid, { head, rest }: StoredHash): Promise<RowId | undefined> {
    const [row] = await tx.rows<{ row_id: RowId }>(
      named(
        'state.by_hash',
        sql`SELECT row_id FROM state_rows
             WHERE room_nid = ${room} AND hash_head = ${head} AND hash_rest = ${rest}
               AND NOT EXISTS (SELECT FROM state_garbage g WHERE g.row_id = state_rows.row_id)
             LIMIT 1`,
      ),
    );
    return row?.row_id;
  },
};

const bytesOf = ({ nodes }: Row): number =>
  nodes.reduce(
    (sum, node) => sum + NODE_BYTES + NUMBER_BYTES * (isPatch(node) ? node.changes : node.slots).length,
    ROW_BYTES,
  );

const rootOf = (snapshot: SnapshotId): Root => (snapshot === EMPTY_STATE ? undefined : snapshot);

interface TriesDeps {
  readonly db: Database;
  readonly ids: Numbers;
  readonly hasher: StateHasher;
  readonly cacheBytes: number;
}

/** The state tries of all rooms: snapshots of state as numbers of keys and events. */
export class Tries {
  readonly #db: Database;
  readonly #ids: Numbers;
  readonly #hasher: StateHasher;
  #generation = 0;
  /** Rows of all rooms together. They never change, so nothing ever has to be invalidated. */
  readonly #cache: LRUCache<RowId, CachedRow>;
  readonly #gather = new Gather<RowId, CachedRow>((ids) => this.#read(ids));

  constructor({ db, ids, hasher, cacheBytes }: TriesDeps) {
    this.#db = db;
    this.#ids = ids;
    this.#hasher = hasher;
    this.#cache = new LRUCache({ maxSize: Math.floor(cacheBytes), sizeCalculation: ({ row }) => bytesOf(row) });
  }

  /** Grows when states that nothing needs are about to go: whoever remembers states by number must forget them. */
  get generation(): number {
    return this.#generation;
  }

  /** States of a room are about to go. Nobody finds them any more, but some may still be remembered. */
  condemned(): void {
    this.#generation += 1;
  }

  async lookup(snapshot: SnapshotId, keys: readonly KeyNumber[]): Promise<Map<KeyNumber, EventNid>> {
    return this.atHand(snapshot, keys) ?? this.#ask(lookup(rootOf(snapshot), keys));
  }

  /** As `lookup`, from memory; undefined if that does not do. */
  atHand(snapshot: SnapshotId, keys: readonly KeyNumber[]): Map<KeyNumber, EventNid> | undefined {
    return find(rootOf(snapshot), keys, (id) => this.#cache.get(id)?.row);
  }

  entries(snapshot: SnapshotId): Promise<[KeyNumber, EventNid][]> {
    return this.#ask(entries(rootOf(snapshot)));
  }

  /** Where two states differ; 0 where one has no event. */
  diff(a: SnapshotId, b: SnapshotId): Promise<[KeyNumber, EventNid, EventNid][]> {
    return a === b ? Promise.resolve([]) : this.#ask(diff(rootOf(a), rootOf(b)));
  }

  /** Where several states are not all the same, with what each has. */
  diffMany(snapshots: readonly SnapshotId[]): Promise<Map<KeyNumber, readonly EventNid[]>> {
    return this.#ask(diffMany(snapshots.map(rootOf)));
  }

  /** A state with some keys set; 0 empties a key. */
  async change(snapshot: SnapshotId, changes: ReadonlyMap<KeyNumber, EventNid>): Promise<NextState> {
    await this.#ids.ensure(ROWS_AT_HAND + Math.ceil(changes.size / KEYS_PER_ROW) * ROWS_PER_CHANGE);
    const hash = await this.#hashAfter(snapshot, changes);
    const { root, rows } = await this.#ask(update(rootOf(snapshot), changes, () => this.#ids.take()));
    const written = rows.map(({ id, data }) => ({ id, data, hash: id === root ? toStoredHash(hash) : undefined }));
    // Numbers are never given twice, so a row may be remembered before it is durable.
    for (const row of written) {
      this.#cache.set(row.id, { row: decodeRow(row), hash: row.hash && hash });
    }
    return { snapshot: root ?? EMPTY_STATE, rows: written };
  }

  /** As `change`, but finds the row of an equal state that the room has had before. Worth a query where that is likely. */
  async changeShared(
    room: RoomNid,
    snapshot: SnapshotId,
    changes: ReadonlyMap<KeyNumber, EventNid>,
  ): Promise<NextState> {
    const hash = await this.#hashAfter(snapshot, changes);
    if (hash === EMPTY_STATE_HASH) return { snapshot: EMPTY_STATE, rows: [] };
    const equal = await store.withHash(this.#db, room, toStoredHash(hash));
    return equal === undefined ? this.change(snapshot, changes) : { snapshot: equal, rows: [] };
  }

  async #hashAfter(snapshot: SnapshotId, changes: ReadonlyMap<KeyNumber, EventNid>): Promise<StateHash> {
    const before = await this.lookup(snapshot, [...changes.keys()]);
    let hash = await this.#hashOf(snapshot);
    for (const [key, nid] of changes) {
      hash = this.#hasher.remove(hash, key, before.get(key) ?? 0);
      hash = this.#hasher.add(hash, key, nid);
    }
    return hash;
  }

  async #hashOf(snapshot: SnapshotId): Promise<StateHash> {
    if (snapshot === EMPTY_STATE) return EMPTY_STATE_HASH;
    const row = this.#cache.get(snapshot) ?? (await this.#load([snapshot])).get(snapshot);
    if (row?.hash === undefined) throw new Error(`state row ${snapshot} is not a snapshot`);
    return row.hash;
  }

  #ask<Result>(question: TrieQuestion<Result>): Promise<Result> {
    return decideWith(question, async (ids) => {
      const rows = await this.#load(ids);
      return new Map([...rows].map(([id, { row }]) => [id, row]));
    });
  }

  async #load(ids: readonly RowId[]): Promise<Map<RowId, CachedRow>> {
    const found = new Map<RowId, CachedRow>();
    const missing: RowId[] = [];
    for (const id of ids) {
      const cached = this.#cache.get(id);
      if (cached) found.set(id, cached);
      else missing.push(id);
    }
    if (missing.length === 0) return found;
    const read = await this.#gather.load(missing);
    for (const id of missing) {
      const row = read.get(id);
      if (row) found.set(id, row);
    }
    return found;
  }

  async #read(ids: readonly RowId[]): Promise<Map<RowId, CachedRow>> {
    const found = new Map<RowId, CachedRow>();
    for (const { row_id, hash_head, hash_rest, data } of await store.rows(this.#db, ids)) {
      const isRoot = hash_head !== null && hash_rest !== null;
      const row: CachedRow = {
        row: decodeRow({ id: row_id, data }),
        hash: isRoot ? fromStoredHash({ head: hash_head, rest: hash_rest }) : undefined,
      };
      this.#cache.set(row_id, row);
      found.set(row_id, row);
    }
    return found;
  }
}

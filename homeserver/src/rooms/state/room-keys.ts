import type { StateKey } from '../../core/auth/selection.ts';
import type { Database, ReadTx } from '../../storage/database.ts';
import { named, sql } from '../../storage/sql.ts';
import { FIRST_FREE_KEY, type KeyNumber, type RoomNid } from '../model.ts';
import type { NewKey } from '../write/room-write.ts';
import { WELL_KNOWN_NUMBERS, wellKnownKey } from './well-known-keys.ts';

/** Rooms with at most this many keys have all of them loaded at once. */
const LOAD_ALL = 5_000;

interface KeyRow {
  readonly key_number: KeyNumber;
  readonly type: string;
  readonly state_key: string;
}

const store = {
  all: (tx: ReadTx, room: RoomNid): Promise<KeyRow[]> =>
    tx.rows(named('keys.all', sql`SELECT key_number, type, state_key FROM room_state_keys WHERE room_nid = ${room}`)),
  ofRooms: (tx: ReadTx, rooms: readonly RoomNid[]): Promise<(KeyRow & { readonly room_nid: RoomNid })[]> =>
    tx.rows(
      named(
        'keys.of_rooms',
        sql`SELECT room_nid, key_number, type, state_key FROM room_state_keys WHERE room_nid = ANY(${rooms}::int[])`,
      ),
    ),
  others: (tx: ReadTx, room: RoomNid): Promise<KeyRow[]> =>
    tx.rows(
      named(
        'keys.others',
        sql`SELECT key_number, type, state_key FROM room_state_keys
             WHERE room_nid = ${room} AND type <> 'm.room.member'`,
      ),
    ),
  some: (tx: ReadTx, room: RoomNid, keys: readonly StateKey[]): Promise<KeyRow[]> =>
    tx.rows(
      named(
        'keys.some',
        sql`SELECT k.key_number, k.type, k.state_key
              FROM unnest(${keys.map(([type]) => type)}::text[], ${keys.map(([, key]) => key)}::text[])
                   AS u(type, state_key)
              JOIN room_state_keys k ON k.room_nid = ${room} AND k.type = u.type AND k.state_key = u.state_key`,
      ),
    ),
};

/** What V8 takes for a key with its place in the map; most are of members. */
const BYTES_PER_KEY = 120;

const MEMBER = 'm.room.member\0';

const nameOf = ([type, stateKey]: StateKey): string => `${type}\0${stateKey}`;

/** The numbers of a room's state keys. */
export class RoomKeys {
  readonly #db: Database;
  readonly #room: RoomNid;
  readonly #grew: () => void;
  readonly #numbers = new Map<string, KeyNumber>();
  #others: readonly KeyNumber[] | undefined;
  #complete: boolean;

  /** `grew`: told when `bytes` has changed. */
  constructor(db: Database, room: RoomNid, kind: 'stored' | 'new', grew: () => void) {
    this.#db = db;
    this.#room = room;
    this.#grew = grew;
    this.#complete = kind === 'new';
  }

  get bytes(): number {
    return this.#numbers.size * BYTES_PER_KEY;
  }

  /** Makes sure that the numbers of `keys` are at hand, as far as they exist. `next` is the head's next free number. */
  async load(keys: readonly StateKey[], next: KeyNumber): Promise<void> {
    if (this.#complete || keys.every((key) => this.number(key) !== undefined)) return;
    const all = next - FIRST_FREE_KEY <= LOAD_ALL;
    const rows = all ? await store.all(this.#db, this.#room) : await store.some(this.#db, this.#room, keys);
    this.#remember(rows);
    if (all) this.#complete = true;
  }

  /** The numbers of all keys but those of members. */
  async withoutMembers(next: KeyNumber): Promise<readonly KeyNumber[]> {
    if (this.#others) return this.#others;
    if (next - FIRST_FREE_KEY <= LOAD_ALL) await this.load([['m.room.member', '']], next);
    else this.#remember(await store.others(this.#db, this.#room));
    const names = [...this.#numbers].filter(([name]) => !name.startsWith(MEMBER));
    this.#others = [...WELL_KNOWN_NUMBERS, ...names.map(([, number]) => number)];
    return this.#others;
  }

  #remember(rows: readonly KeyRow[]): void {
    for (const row of rows) this.#numbers.set(nameOf([row.type, row.state_key]), row.key_number);
    if (rows.length > 0) this.#grew();
  }

  /** Whether `load` may have to ask for a room of this size, and would ask for all of it. */
  isColdAndSmall(next: KeyNumber): boolean {
    return !this.#complete && next - FIRST_FREE_KEY <= LOAD_ALL;
  }

  fillAll(rows: readonly KeyRow[]): void {
    this.#remember(rows);
    this.#complete = true;
  }

  number(key: StateKey): KeyNumber | undefined {
    return wellKnownKey(key) ?? this.#numbers.get(nameOf(key));
  }

  /** Remembers keys that have been committed. */
  added(keys: readonly NewKey[]): void {
    for (const { number, type, stateKey } of keys) {
      this.#numbers.set(nameOf([type, stateKey]), number);
      if (type !== 'm.room.member') this.#others = undefined;
    }
    if (keys.length > 0) this.#grew();
  }
}

interface Keyed {
  readonly nid: RoomNid;
  readonly keys: RoomKeys;
  readonly head: { readonly nextKey: KeyNumber } | undefined;
}

/** Loads the keys of many rooms with a query, or a few where they have a great many. */
export const warmKeys = async (db: Database, rooms: readonly Keyed[]): Promise<void> => {
  const cold = rooms.filter(({ keys, head }) => head && keys.isColdAndSmall(head.nextKey));
  for (const some of together(cold)) {
    const rows = await store.ofRooms(
      db,
      some.map(({ nid }) => nid),
    );
    const byRoom = Map.groupBy(rows, ({ room_nid }) => room_nid);
    for (const { nid, keys } of some) keys.fillAll(byRoom.get(nid) ?? []);
  }
};

/** As many rooms at a time as have no more keys than a large one alone. */
const together = function* (rooms: readonly Keyed[]): Generator<readonly Keyed[]> {
  let batch: Keyed[] = [];
  let keys = 0;
  for (const room of rooms) {
    keys += (room.head?.nextKey ?? 0) - FIRST_FREE_KEY;
    if (batch.length > 0 && keys > LOAD_ALL) {
      yield batch;
      batch = [];
      keys = (room.head?.nextKey ?? 0) - FIRST_FREE_KEY;
    }
    batch.push(room);
  }
  if (batch.length > 0) yield batch;
};

import type { StateKey } from '../../core/auth/selection.ts';
import { byPlace } from '../../storage/by-place.ts';
import type { Database, ReadTx } from '../../storage/database.ts';
import { Gather } from '../../storage/gather.ts';
import { named, sql } from '../../storage/sql.ts';
import type { KeyNumber, RoomNid } from '../model.ts';

/** Rooms with at most this many keys may have all of them loaded at once; so may several that have no more together. */
export const LOAD_ALL = 5_000;

export interface KeyRow {
  readonly key_number: KeyNumber;
  readonly type: string;
  readonly state_key: string;
}

export interface KeyOf {
  readonly room: RoomNid;
  readonly key: StateKey;
}

interface AllOf {
  readonly room: RoomNid;
  /** How many they are. */
  readonly size: number;
}

const store = {
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
  some: (tx: ReadTx, keys: readonly KeyOf[]): Promise<{ readonly n: number; readonly key_number: KeyNumber }[]> =>
    tx.rows(
      named(
        'keys.some',
        sql`SELECT u.n::int AS n, k.key_number
              FROM unnest(${keys.map(({ room }) => room)}::int[], ${keys.map(({ key: [type] }) => type)}::text[],
                          ${keys.map(({ key: [, stateKey] }) => stateKey)}::text[])
                   WITH ORDINALITY AS u(room_nid, type, state_key, n)
              JOIN room_state_keys k USING (room_nid, type, state_key)`,
      ),
    ),
};

/** Looks up the numbers of state keys: of many rooms together, where these go through the same steps side by side. */
export class KeyLookups {
  readonly #db: Database;
  readonly #whole: Gather<AllOf, readonly KeyRow[]>;
  readonly #some: Gather<KeyOf, KeyNumber>;

  constructor(db: Database) {
    this.#db = db;
    this.#whole = new Gather((rooms) => this.#ofRooms(rooms));
    this.#some = new Gather(async (keys) => {
      const found = byPlace(keys, await store.some(db, keys));
      return new Map([...found].flatMap(([key, [row]]) => (row ? [[key, row.key_number] as const] : [])));
    });
  }

  /** All keys of a room. */
  async all(room: RoomNid, size: number): Promise<readonly KeyRow[]> {
    const whole = { room, size };
    return (await this.#whole.load([whole])).get(whole) ?? [];
  }

  /** What is not among them is not there. */
  some(keys: readonly KeyOf[]): Promise<ReadonlyMap<KeyOf, KeyNumber>> {
    return this.#some.load(keys);
  }

  /** All but members. */
  others(room: RoomNid): Promise<readonly KeyRow[]> {
    return store.others(this.#db, room);
  }

  async #ofRooms(rooms: readonly AllOf[]): Promise<Map<AllOf, readonly KeyRow[]>> {
    const found = new Map<AllOf, readonly KeyRow[]>();
    for (const some of together(rooms)) {
      const nids = [...new Set(some.map(({ room }) => room))];
      const byRoom = Map.groupBy(await store.ofRooms(this.#db, nids), ({ room_nid }) => room_nid);
      for (const one of some) found.set(one, byRoom.get(one.room) ?? []);
    }
    return found;
  }
}

/** As many rooms at a time as have no more keys than a large one alone. */
const together = function* (rooms: readonly AllOf[]): Generator<readonly AllOf[]> {
  let batch: AllOf[] = [];
  let keys = 0;
  for (const room of rooms) {
    keys += room.size;
    if (batch.length > 0 && keys > LOAD_ALL) {
      yield batch;
      batch = [];
      keys = room.size;
    }
    batch.push(room);
  }
  if (batch.length > 0) yield batch;
};

const known = new WeakMap<Database, KeyLookups>();

/** The same for all rooms of a database. */
export const keyLookupsOf = (db: Database): KeyLookups => {
  const lookups = known.get(db) ?? new KeyLookups(db);
  known.set(db, lookups);
  return lookups;
};

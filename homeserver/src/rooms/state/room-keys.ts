import type { StateKey } from '../../core/auth/selection.ts';
import type { Database } from '../../storage/database.ts';
import { FIRST_FREE_KEY, type KeyNumber, type RoomNid } from '../model.ts';
import type { NewKey } from '../write/room-write.ts';
import { keyLookupsOf, type KeyLookups, type KeyRow, LOAD_ALL } from './key-lookups.ts';
import { WELL_KNOWN_NUMBERS, wellKnownKey } from './well-known-keys.ts';

/** Who reads a room gets what they ask for, so many times; then all of it is loaded. */
const LOOKS = 8;
const KEYS_PER_LOOK = 50;

/** What V8 takes for a key with its place in the map; most are of members. */
const BYTES_PER_KEY = 160;

const MEMBER = 'm.room.member\0';

const nameOf = ([type, stateKey]: StateKey): string => `${type}\0${stateKey}`;

/** The numbers of a room's state keys. */
export class RoomKeys {
  readonly #lookups: KeyLookups;
  readonly #room: RoomNid;
  readonly #grew: () => void;
  readonly #numbers = new Map<string, KeyNumber>();
  /** Keys that have been looked for, and that the room has not had. */
  readonly #absent = new Set<string>();
  #looks = 0;
  #loading: Promise<void> | undefined;
  #others: readonly KeyNumber[] | undefined;
  #complete: boolean;

  /** `grew`: told when `bytes` has changed. */
  constructor(db: Database, room: RoomNid, kind: 'stored' | 'new', grew: () => void) {
    this.#lookups = keyLookupsOf(db);
    this.#room = room;
    this.#grew = grew;
    this.#complete = kind === 'new';
  }

  get bytes(): number {
    return (this.#numbers.size + this.#absent.size) * BYTES_PER_KEY;
  }

  /**
   * Makes sure that the numbers of `keys` are at hand, as far as they exist: for whoever writes, and so may ask for others at
   * once. `next` is the head's next free number.
   */
  async load(keys: readonly StateKey[], next: KeyNumber): Promise<void> {
    const missing = this.#missing(keys);
    if (missing.length > 0) await (isSmall(next) ? this.#loadAll(next) : this.#look(missing));
  }

  /** As `load`, for whoever reads: of a room that was not needed before, what a first answer says is a few keys of many. */
  async look(keys: readonly StateKey[], next: KeyNumber): Promise<void> {
    const missing = this.#missing(keys).filter((key) => !this.#absent.has(nameOf(key)));
    if (missing.length === 0) return;
    const isFew = missing.length <= KEYS_PER_LOOK && this.#looks < LOOKS;
    if (!isFew || !isSmall(next)) return this.load(missing, next);
    this.#looks++;
    await this.#look(missing);
    for (const key of missing) if (this.number(key) === undefined) this.#absent.add(nameOf(key));
    this.#grew();
  }

  /** The numbers of all keys but those of members. */
  async withoutMembers(next: KeyNumber): Promise<readonly KeyNumber[]> {
    if (this.#others) return this.#others;
    if (isSmall(next)) await this.load([['m.room.member', '']], next);
    else this.#remember(await this.#lookups.others(this.#room));
    const names = [...this.#numbers].filter(([name]) => !name.startsWith(MEMBER));
    this.#others = [...WELL_KNOWN_NUMBERS, ...names.map(([, number]) => number)];
    return this.#others;
  }

  /** Loads all of them, unless they are a great many: then those are looked up that are asked for. */
  async warm(next: KeyNumber): Promise<void> {
    if (!this.#complete && isSmall(next)) await this.#loadAll(next);
  }

  /** There are no others. */
  fillAll(rows: readonly KeyRow[]): void {
    this.#remember(rows);
    this.#complete = true;
    this.#absent.clear();
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

  #missing(keys: readonly StateKey[]): readonly StateKey[] {
    return this.#complete ? [] : keys.filter((key) => this.number(key) === undefined);
  }

  /** Once for all who ask while it is on its way. */
  #loadAll(next: KeyNumber): Promise<void> {
    this.#loading ??= this.#lookups
      .all(this.#room, next - FIRST_FREE_KEY)
      .then((rows) => this.fillAll(rows))
      .finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  async #look(keys: readonly StateKey[]): Promise<void> {
    const asked = keys.map((key) => ({ room: this.#room, key }));
    const found = await this.#lookups.some(asked);
    for (const one of asked) {
      const number = found.get(one);
      if (number !== undefined) this.#numbers.set(nameOf(one.key), number);
    }
    if (found.size > 0) this.#grew();
  }

  #remember(rows: readonly KeyRow[]): void {
    for (const row of rows) this.#numbers.set(nameOf([row.type, row.state_key]), row.key_number);
    if (rows.length > 0) this.#grew();
  }
}

const isSmall = (next: KeyNumber): boolean => next - FIRST_FREE_KEY <= LOAD_ALL;

interface Keyed {
  readonly keys: RoomKeys;
  readonly head: { readonly nextKey: KeyNumber } | undefined;
}

/** Loads the keys of many rooms with a query, or a few where they have a great many. */
export const warmKeys = async (rooms: readonly Keyed[]): Promise<void> => {
  await Promise.all(rooms.flatMap(({ keys, head }) => (head ? [keys.warm(head.nextKey)] : [])));
};

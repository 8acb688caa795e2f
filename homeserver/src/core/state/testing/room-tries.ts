import type { EventId } from '@holm/spec/ids';
import type { StateKeyString } from '../state-key.ts';
import { diffMany, entries } from '../trie-read.ts';
import type { EventNid, KeyNumber, Root } from '../trie-row.ts';
import type { Dice } from './dice.ts';
import { expectSame } from './mismatch.ts';
import type { RoomState } from './state-sets.ts';
import { differing } from './trie-differential.ts';
import { TrieRows } from './trie-rows.ts';

/** The states of one room as the server has them, beside what they are as maps. */
export class RoomTries {
  readonly #rows: TrieRows;
  readonly #dice: Dice;
  readonly #keyLimit: number | undefined;
  readonly #roots = new Map<RoomState, Root>();
  readonly #keys = new Map<StateKeyString, KeyNumber>();
  readonly #keyNames = new Map<KeyNumber, StateKeyString>();
  readonly #nids = new Map<EventId, EventNid>();
  readonly #ids = new Map<EventNid, EventId>();
  #nextNid: number;

  constructor(dice: Dice) {
    this.#rows = new TrieRows(dice);
    this.#dice = dice;
    // Most rooms number their keys one after the other; in some, others' keys lie between.
    this.#keyLimit = dice.chance(0.15) ? dice.pick([2_000, 2 ** 31]) : undefined;
    this.#nextNid = dice.pick([1, 1_000_000, 2 ** 45]);
  }

  nid(id: EventId): EventNid {
    const known = this.#nids.get(id);
    if (known !== undefined) return known;
    const nid = this.#nextNid;
    this.#nextNid += 1 + this.#dice.below(4);
    this.#nids.set(id, nid);
    this.#ids.set(nid, id);
    return nid;
  }

  id(nid: EventNid): EventId {
    const id = this.#ids.get(nid);
    if (id === undefined) throw new Error(`no event ${nid}`);
    return id;
  }

  /** Makes `after` from `before` by some changes. */
  change(before: RoomState, after: RoomState, changes: ReadonlyMap<StateKeyString, EventId | undefined>): void {
    const numbers = new Map([...changes].map(([key, id]) => [this.#key(key), id === undefined ? 0 : this.nid(id)]));
    this.#roots.set(after, this.#rows.update(this.#roots.get(before), numbers));
  }

  /** Where the states differ according to their tries, having checked that against the maps. */
  conflicted(states: readonly RoomState[]): Map<StateKeyString, EventId[]> {
    const found = this.#rows.ask(diffMany(states.map((state) => this.#roots.get(state))));
    const maps = states.map((state) => this.#numbers(state));
    expectSame(
      'conflicted keys',
      [...found].flatMap(([key, events]) => [key, ...events]),
      differing(maps).flat(),
    );
    const conflicted = new Map<StateKeyString, EventId[]>();
    for (const [key, nids] of found) {
      const name = this.#keyNames.get(key);
      if (name === undefined) throw new Error(`no key ${key}`);
      const ids = [...new Set(nids)].filter((nid) => nid !== 0).map((nid) => this.id(nid));
      conflicted.set(name, ids);
    }
    return conflicted;
  }

  /** Complains if a state's trie is not what the map is. */
  check(state: RoomState): void {
    const sorted = [...this.#numbers(state)].sort(([a], [b]) => a - b);
    expectSame('entries of a state', this.#rows.ask(entries(this.#roots.get(state))).flat(), sorted.flat());
  }

  #numbers(state: RoomState): Map<KeyNumber, EventNid> {
    return new Map([...state].map(([key, id]) => [this.#key(key), this.nid(id)]));
  }

  #key(key: StateKeyString): KeyNumber {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    let number = this.#keys.size;
    if (this.#keyLimit !== undefined) {
      do number = this.#dice.below(this.#keyLimit);
      while (this.#keyNames.has(number));
    }
    this.#keys.set(key, number);
    this.#keyNames.set(number, key);
    return number;
  }
}

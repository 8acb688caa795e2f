import { stateKey as keyString } from '../../core/state/state-key.ts';
import type { AuthState } from '../../core/auth/auth-state.ts';
import type { StateKey } from '../../core/auth/selection.ts';
import { slices } from '../../platform/turns.ts';
import type { Events } from '../events.ts';
import type { EventNid, KeyNumber, SnapshotId, StoredEvent } from '../model.ts';
import type { Room } from '../room.ts';
import type { Tries } from './tries.ts';

/** Part of a room's state, loaded. */
export type StateView = ReadonlyMap<string, StoredEvent>;

/** What a step that is not committed yet adds to what is stored. */
export interface Pending {
  number(key: StateKey): KeyNumber | undefined;
  event(nid: EventNid): StoredEvent | undefined;
}

/** What a room's current state has under the numbers that were asked for: the same few, with each message and by each reader. */
interface Known {
  readonly snapshot: SnapshotId;
  /** 0 where the state has no event. */
  readonly nids: Map<KeyNumber, EventNid>;
}

interface Wanted {
  readonly snapshot: SnapshotId;
  readonly keys: readonly StateKey[];
  readonly pending: Pending;
}

const READ_AT_ONCE = 250;
/** Of one room. */
const KEPT_NUMBERS = 100;

const NOTHING_PENDING: Pending = { number: () => undefined, event: () => undefined };

/** Reads the states of rooms in terms of types and state keys. */
export class States {
  readonly #tries: Tries;
  readonly #events: Events;
  readonly #known = new WeakMap<Room, Known>();

  constructor(tries: Tries, events: Events) {
    this.#tries = tries;
    this.#events = events;
  }

  /** The events that a state has under `keys`. */
  view(
    room: Room,
    snapshot: SnapshotId,
    keys: readonly StateKey[],
    pending: Pending = NOTHING_PENDING,
  ): Promise<StateView> {
    const wanted = { snapshot, keys, pending };
    const atHand = this.#atHand(room, wanted);
    return atHand ? Promise.resolve(atHand) : this.#load(room, wanted);
  }

  /** As it is where all of it is in memory: undefined as soon as something would have to be looked up. */
  #atHand(room: Room, { snapshot, keys, pending }: Wanted): StateView | undefined {
    const numbers: KeyNumber[] = [];
    for (const key of keys) {
      const number = room.keys.number(key);
      if (number === undefined) return undefined;
      numbers.push(number);
    }
    const nids = this.#nidsAtHand(room, snapshot, numbers);
    if (!nids) return undefined;
    const view = new Map<string, StoredEvent>();
    for (const [i, key] of keys.entries()) {
      const nid = nids.get(numbers[i] ?? 0) ?? 0;
      if (nid === 0) continue;
      const event = pending.event(nid) ?? this.#events.cached(nid);
      if (!event) return undefined;
      view.set(keyString(...key), event);
    }
    return view;
  }

  /** 0, or nothing, where the state has no event. */
  #nidsAtHand(
    room: Room,
    snapshot: SnapshotId,
    numbers: readonly KeyNumber[],
  ): ReadonlyMap<KeyNumber, EventNid> | undefined {
    const known = this.#known.get(room);
    if (known?.snapshot === snapshot && numbers.every((number) => known.nids.has(number))) return known.nids;
    // What is looked up of the current one is remembered.
    return snapshot === room.head?.snapshot ? undefined : this.#tries.atHand(snapshot, numbers);
  }

  async #load(room: Room, { snapshot, keys, pending }: Wanted): Promise<StateView> {
    const numbers = await numbersOf(room, keys, pending);
    const nids = await this.#lookup(room, snapshot, [...numbers.keys()]);
    const events = await this.#events.load([...nids.values()].filter((nid) => !pending.event(nid)));
    const view = new Map<string, StoredEvent>();
    for (const [number, nid] of nids) {
      const key = numbers.get(number);
      const event = pending.event(nid) ?? events.get(nid);
      if (!event) throw new Error(`room ${room.nid} has the unknown event ${nid} in state ${snapshot}`);
      if (key) view.set(keyString(...key), event);
    }
    return view;
  }

  async #lookup(
    room: Room,
    snapshot: SnapshotId,
    numbers: readonly KeyNumber[],
  ): Promise<ReadonlyMap<KeyNumber, EventNid>> {
    if (snapshot !== room.head?.snapshot) return this.#tries.lookup(snapshot, numbers);
    const { nids } = this.#knownOf(room, snapshot);
    const missing = numbers.filter((number) => !nids.has(number));
    if (missing.length > 0) {
      const read = await this.#tries.lookup(snapshot, missing);
      for (const number of missing) nids.set(number, read.get(number) ?? 0);
    }
    const found = new Map<KeyNumber, EventNid>();
    for (const number of numbers) {
      const nid = nids.get(number) ?? 0;
      if (nid !== 0) found.set(number, nid);
    }
    return found;
  }

  #knownOf(room: Room, snapshot: SnapshotId): Known {
    const known = this.#known.get(room);
    if (known?.snapshot === snapshot && known.nids.size < KEPT_NUMBERS) return known;
    const fresh = { snapshot, nids: new Map<KeyNumber, EventNid>() };
    this.#known.set(room, fresh);
    return fresh;
  }

  async get(room: Room, snapshot: SnapshotId, key: StateKey): Promise<StoredEvent | undefined> {
    return (await this.view(room, snapshot, [key])).get(keyString(...key));
  }

  /** All events of a state, in no particular order. */
  async all(snapshot: SnapshotId): Promise<StoredEvent[]> {
    return this.#loadAll(await this.nids(snapshot));
  }

  /** As `all`, some at a time: nobody need hold all of them. Those of a small state come together. */
  async *some(snapshot: SnapshotId): AsyncGenerator<readonly StoredEvent[], void> {
    const nids = await this.nids(snapshot);
    if (nids.length <= READ_AT_ONCE) yield [...(await this.#events.load(nids)).values()];
    else for await (const few of slices(nids, READ_AT_ONCE)) yield await this.#events.glance(few);
  }

  /** The numbers of all events of a state. */
  async nids(snapshot: SnapshotId): Promise<EventNid[]> {
    return (await this.#tries.entries(snapshot)).map(([, nid]) => nid);
  }

  /** The events of `after` that `before` has not. What `after` lacks altogether is left out. */
  async changes(before: SnapshotId, after: SnapshotId): Promise<StoredEvent[]> {
    const changed = (await this.#tries.diff(before, after)).flatMap(([, , nid]) => (nid === 0 ? [] : [nid]));
    return this.#loadAll(changed);
  }

  /** States can be of any size, so they are read in turns. */
  async #loadAll(nids: readonly EventNid[]): Promise<StoredEvent[]> {
    if (nids.length <= READ_AT_ONCE) return [...(await this.#events.load(nids)).values()];
    const events: StoredEvent[] = [];
    for await (const some of slices(nids, READ_AT_ONCE)) {
      for (const event of await this.#events.glance(some)) events.push(event);
    }
    return events;
  }
}

const numbersOf = async (
  room: Room,
  keys: readonly StateKey[],
  pending: Pending,
): Promise<Map<KeyNumber, StateKey>> => {
  const next = room.head?.nextKey ?? Infinity;
  // Who has something pending writes, and will number what the room has not had.
  await (pending === NOTHING_PENDING ? room.keys.look(keys, next) : room.keys.load(keys, next));
  const numbers = new Map<KeyNumber, StateKey>();
  for (const key of keys) {
    const number = room.keys.number(key) ?? pending.number(key);
    if (number !== undefined) numbers.set(number, key);
  }
  return numbers;
};

/** A view as the authorisation rules read it. */
export const authStateOf =
  (view: StateView): AuthState =>
  (type, stateKey) =>
    view.get(keyString(type, stateKey))?.event;

import type { UserId } from '@holm/spec/ids';
import type { RoomEngine } from '../../../rooms/engine.ts';
import type { SnapshotId, StoredEvent } from '../../../rooms/model.ts';
import type { Room } from '../../../rooms/room.ts';
import type { Position } from '../../../streams/stream.ts';
import type { Difference, StateDeltas } from '../state-deltas.sync.ts';
import { isLazy, isWished, namedKeys, namedMembers, type StateWish, wantsAllMembers } from './state-wish.ts';

export interface StateChange {
  /** What is to be told. */
  readonly events: readonly StoredEvent[];
  readonly gone: readonly (readonly [string, string])[];
  /** Everything that changed and was looked at, wished for or not; all that there is to somebody who is new. */
  readonly changed: readonly StoredEvent[];
  readonly hasNewMembers: boolean;
}

export interface StateWindow {
  /** Up to where the reader has been told; absent for nothing. */
  readonly since: Position | undefined;
  readonly upTo: Position;
  /** The state then. */
  readonly after: SnapshotId;
  readonly wishes: readonly StateWish[];
  /** By which it was told before. */
  readonly toldWishes: readonly StateWish[];
  /** The timeline goes on from where it was. */
  readonly isGapless: boolean;
}

type ToldWindow = StateWindow & { readonly since: Position };

const NAMED = [
  ['m.room.name', ''],
  ['m.room.avatar', ''],
] as const;

/** Of rooms' states what clients ask for. */
export class RoomStates {
  readonly #engine: RoomEngine;
  readonly #deltas: StateDeltas;

  constructor(engine: RoomEngine, deltas: StateDeltas) {
    this.#engine = engine;
    this.#deltas = deltas;
  }

  /** Members that are loaded lazily are not among them, but for changes. */
  async change(room: Room, window: StateWindow): Promise<StateChange> {
    const { since, after, wishes, toldWishes } = window;
    if (since === undefined) {
      const all = await this.#matching(room, after, wishes);
      return { events: wished(wishes, all), gone: [], changed: all, hasNewMembers: true };
    }
    const { changed, gone, hasNewMembers } = await this.#between(room, { ...window, since });
    const isTold = (event: StoredEvent) =>
      isWished(wishes, keyOf(event)) || (window.isGapless && isMember(event) && isLazy(wishes));
    const more = toldWishes === wishes ? [] : await this.#newlyWished(room, { after, wishes, toldWishes });
    const told = new Map([...changed.filter(isTold), ...more].map((event) => [event.nid, event]));
    const goneWished = gone.filter((key) => isWished(wishes, key));
    return { events: [...told.values()], gone: goneWished, changed, hasNewMembers };
  }

  members(room: Room, snapshot: SnapshotId, users: Iterable<UserId>): Promise<StoredEvent[]> {
    return this.#deltas.members(room, snapshot, users);
  }

  async #newlyWished(
    room: Room,
    { after, wishes, toldWishes }: Pick<StateWindow, 'after' | 'wishes' | 'toldWishes'>,
  ): Promise<StoredEvent[]> {
    const all = wished(wishes, await this.#matching(room, after, wishes));
    return all.filter((event) => !isWished(toldWishes, keyOf(event)));
  }

  /** All that may match, and what rooms are named by. */
  async #matching(room: Room, snapshot: SnapshotId, wishes: readonly StateWish[]): Promise<StoredEvent[]> {
    const { states, tries, events } = this.#engine;
    if (wantsAllMembers(wishes)) return states.all(snapshot);
    const named = namedKeys(wishes);
    if (named) return [...(await states.view(room, snapshot, [...NAMED, ...named])).values()];
    const nids = await tries.lookup(snapshot, await room.keys.withoutMembers(room.head?.nextKey ?? Infinity));
    const members = await this.members(room, snapshot, namedMembers(wishes) as UserId[]);
    return [...(await events.load([...nids.values()])).values(), ...members];
  }

  /** What is redacted says something else now, and is the same event. */
  async #between(room: Room, window: ToldWindow): Promise<Omit<StateChange, 'events'>> {
    const { stateRedactions } = this.#engine;
    const [set, redacted] = await Promise.all([
      this.#set(room, window),
      stateRedactions.current({ ...window, room: room.nid, after: window.since }, window.after),
    ]);
    if (redacted.length === 0) return set;
    const hasNewMembers = set.hasNewMembers || redacted.some(isMember);
    return { changed: [...set.changed, ...redacted], gone: set.gone, hasNewMembers };
  }

  async #set(room: Room, window: ToldWindow): Promise<Omit<StateChange, 'events'>> {
    const { tries, events, stateLogs } = this.#engine;
    const differences = await tries.diff(await stateLogs.at(room, window.since), window.after);
    if (differences.length === 0) return { changed: [], gone: [], hasNewMembers: false };
    const looked = await this.#lookedAt(room, window, differences);
    const loaded = await events.load(looked.map(([, was, is]) => (is === 0 ? was : is)));
    const changed: StoredEvent[] = [];
    const gone: (readonly [string, string])[] = [];
    for (const [, was, is] of looked) {
      const event = loaded.get(is === 0 ? was : is);
      if (event && is === 0) gone.push(keyOf(event));
      else if (event) changed.push(event);
    }
    const hasNewMembers =
      looked.length < differences.length || changed.some(isMember) || gone.some(([type]) => type === 'm.room.member');
    return { changed, gone, hasNewMembers };
  }

  /**
   * After a gap nobody who loads members lazily is told of all that came and went; nor of all members of a room that has been
   * joined before all of it was known, when that is over.
   */
  async #lookedAt(
    room: Room,
    { wishes, isGapless }: StateWindow,
    differences: readonly Difference[],
  ): Promise<readonly Difference[]> {
    if (wantsAllMembers(wishes)) return differences;
    const told = isGapless ? await this.#deltas.withoutLearnt(room, differences) : [];
    if (told.length === differences.length) return told;
    const others = new Set(await room.keys.withoutMembers(room.head?.nextKey ?? Infinity));
    for (const user of namedMembers(wishes)) {
      const number = room.keys.number(['m.room.member', user]);
      if (number !== undefined) others.add(number);
    }
    for (const [key] of told) others.add(key);
    return differences.filter(([key]) => others.has(key));
  }
}

const isMember = ({ event }: StoredEvent): boolean => event.type === 'm.room.member';

const keyOf = ({ event }: StoredEvent): readonly [string, string] => [event.type, event.stateKey ?? ''];

const wished = (wishes: readonly StateWish[], events: readonly StoredEvent[]): StoredEvent[] =>
  events.filter((event) => isWished(wishes, keyOf(event)));

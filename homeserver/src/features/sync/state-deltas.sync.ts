import type { UserId } from '@holm/spec/ids';
import { LRUCache } from 'lru-cache';
import type { RoomEngine } from '../../rooms/engine.ts';
import { EMPTY_STATE, type EventNid, type KeyNumber, type SnapshotId, type StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Position } from '../../streams/stream.ts';
import type { StateField } from './view.sync.ts';

export interface DeltaWindow {
  /** What the reader has the state of; absent when that is nothing. */
  readonly after: Position | undefined;
  readonly upTo: Position;
  /** What the reader may be shown of the timeline. */
  readonly timeline: readonly StoredEvent[];
  readonly field: StateField;
  /** Who has nothing of the room, but had its members once, is told who of these has changed since; not if all are told. */
  readonly knewMembersAt?: Position | undefined;
}

export interface Delta {
  readonly events: readonly StoredEvent[];
  /** The state that it leads to. */
  readonly target: SnapshotId;
  /** The reader has nothing of the room yet. */
  readonly isWhole: boolean;
  /**
   * How many of the first events of the timeline must not be shown with the rest: of what they set, something was changed
   * later out of the reader's sight. Clients take state in the timeline for newer than what is told beside it.
   */
  readonly overtaken: number;
}

/** Which key, and the events that it had and has. */
export type Difference = readonly [KeyNumber, EventNid, EventNid];

/** Changes of state that are told to everybody, wherever they come from. */
const FEW = 20;

/** Of differences, some 90 bytes each. */
const KEPT_KEYS = 20_000;
/** More differ where somebody has been away: hardly anybody else for just as long. */
const SHORT = 64;

/** What a reader has to be told of a room's state beside the timeline. */
export class StateDeltas {
  readonly #engine: RoomEngine;
  /** Between two states: all who are shown the same timeline are told of the same. States never change. */
  readonly #differences = new LRUCache<string, readonly Difference[]>({
    maxSize: KEPT_KEYS,
    sizeCalculation: ({ length }) => length + 1,
  });

  constructor(engine: RoomEngine) {
    this.#engine = engine;
  }

  /** `withMembers`: not when members are loaded lazily and this is the reader's first sight of the room. */
  async get(room: Room, window: DeltaWindow, how: { readonly withMembers: boolean }): Promise<Delta> {
    const delta = await this.#beside(room, window, how);
    if (delta.overtaken === 0) return delta;
    const timeline = window.timeline.slice(delta.overtaken);
    return { ...(await this.#beside(room, { ...window, timeline }, how)), overtaken: delta.overtaken };
  }

  async #beside(room: Room, window: DeltaWindow, { withMembers }: { readonly withMembers: boolean }): Promise<Delta> {
    const { stateLogs } = this.#engine;
    const { after, upTo, timeline, field, knewMembersAt } = window;
    const isWhole = after === undefined;
    const before = isWhole ? EMPTY_STATE : await stateLogs.at(room, after);
    const end = await stateLogs.at(room, upTo);
    const target = field === 'state' ? await this.#startOf(room, timeline, end) : end;
    const events = isWhole
      ? await this.#whole(room, { target, withMembers, knewMembersAt, upTo })
      : await this.#changed(room, { before, target, withMembers }, { ...window, after });
    if (field !== 'state' || target === end) return { events, target, isWhole, overtaken: 0 };
    const later = await this.#changes(room, { before: target, target: end, withMembers });
    const unseen = unseenOf(later, timeline);
    return { events: withUnseen(events, unseen), target, isWhole, overtaken: overtakenBy(unseen, timeline) };
  }

  /** What was redacted, too, unless the timeline shows by what: then clients know by themselves what has become of it. */
  async #changed(
    room: Room,
    states: { readonly before: SnapshotId; readonly target: SnapshotId; readonly withMembers: boolean },
    { after, upTo, timeline }: DeltaWindow & { readonly after: Position },
  ): Promise<StoredEvent[]> {
    const changes = await this.#changes(room, states);
    const redacted = await this.#engine.stateRedactions.current({ room: room.nid, after, upTo }, states.target);
    if (redacted.length === 0) return changes;
    const known = new Set([...changes, ...timeline].map(({ nid }) => nid));
    const isUntold = ({ nid, redactedBy }: StoredEvent) => !known.has(nid) && !known.has(redactedBy ?? nid);
    return [...changes, ...redacted.filter(isUntold)];
  }

  /**
   * Who loads members lazily is told of who has changed, also in a gap: clients have lists of members to keep. But not of all
   * members of a room that has been joined before all of it was known, when that is over.
   */
  async #changes(
    room: Room,
    {
      before,
      target,
      withMembers,
    }: { readonly before: SnapshotId; readonly target: SnapshotId; readonly withMembers: boolean },
  ): Promise<StoredEvent[]> {
    if (withMembers) return this.#engine.states.changes(before, target);
    return this.#loaded(room, await this.#differing(before, target));
  }

  async #differing(before: SnapshotId, target: SnapshotId): Promise<readonly Difference[]> {
    const name = `${before} ${target}`;
    const known = this.#differences.get(name);
    if (known) return known;
    const differing = await this.#engine.tries.diff(before, target);
    if (differing.length <= SHORT) this.#differences.set(name, differing);
    return differing;
  }

  async #loaded(room: Room, differing: readonly Difference[]): Promise<StoredEvent[]> {
    const changed = differing.filter(([, , now]) => now !== 0);
    const told = await this.withoutLearnt(room, changed);
    return [...(await this.#engine.events.load(told.map(([, , now]) => now))).values()];
  }

  /**
   * But for new members of whom this server has heard only because a room that it had joined with a part of its state became
   * complete, if these are many. Those whom the state at a gap has brought are told: clients add them to lists that they have.
   */
  async withoutLearnt(room: Room, changed: readonly Difference[]): Promise<readonly Difference[]> {
    const { events, partial, stateLogs, tries } = this.#engine;
    const completedAt = partial.completedAt(room.nid);
    if (changed.length <= FEW || completedAt === undefined) return changed;
    const others = new Set(await room.keys.withoutMembers(room.head?.nextKey ?? Infinity));
    const newMembers = changed.filter(([key, was]) => was === 0 && !others.has(key));
    const completed = await tries.lookup(
      await stateLogs.at(room, completedAt),
      newMembers.map(([key]) => key),
    );
    const known = newMembers.filter(([key, , now]) => completed.get(key) === now).map(([, , now]) => now);
    const happened = await events.happened(known);
    const learnt = new Set(known.filter((nid) => !happened.has(nid)));
    return changed.filter(([, , now]) => !learnt.has(now));
  }

  async members(room: Room, snapshot: SnapshotId, users: Iterable<UserId>): Promise<StoredEvent[]> {
    const keys = [...users].map((user) => ['m.room.member', user] as const);
    return keys.length === 0 ? [] : [...(await this.#engine.states.view(room, snapshot, keys)).values()];
  }

  async #whole(
    room: Room,
    {
      target,
      withMembers,
      knewMembersAt,
      upTo,
    }: Pick<DeltaWindow, 'knewMembersAt' | 'upTo'> & { readonly target: SnapshotId; readonly withMembers: boolean },
  ): Promise<StoredEvent[]> {
    const { states, stateLogs, tries, events, stateRedactions } = this.#engine;
    if (withMembers) return states.all(target);
    const others = await room.keys.withoutMembers(room.head?.nextKey ?? Infinity);
    const nids = await tries.lookup(target, others);
    const whole = [...(await events.load([...nids.values()])).values()];
    if (knewMembersAt === undefined) return whole;
    const differing = await tries.diff(await stateLogs.at(room, knewMembersAt), target);
    const notOfMembers = new Set(others);
    const ofMembers = differing.filter(([key]) => !notOfMembers.has(key));
    const redacted = await stateRedactions.current({ room: room.nid, after: knewMembersAt, upTo }, target);
    const told = new Map([...whole, ...redacted].map((event) => [event.nid, event]));
    for (const event of await this.#loaded(room, ofMembers)) told.set(event.nid, event);
    return [...told.values()];
  }

  /** What was current just before the timeline that is shown. */
  async #startOf(room: Room, [first]: readonly StoredEvent[], end: SnapshotId): Promise<SnapshotId> {
    if (!first) return end;
    // History that was fetched later was never current here; it brings its own state.
    if (first.position === undefined) return first.snapshot ?? end;
    return this.#engine.stateLogs.at(room, (first.position - 1) as Position);
  }
}

const unseenOf = (later: readonly StoredEvent[], timeline: readonly StoredEvent[]): readonly StoredEvent[] => {
  const shown = new Set(timeline.map(({ nid }) => nid));
  return later.filter(({ nid }) => !shown.has(nid));
};

/**
 * The timeline does not always lead from the state at its start to that at its end: forks are resolved, and filters
 * leave events out. What it does not show is told as state, or it would never be.
 */
const withUnseen = (events: readonly StoredEvent[], unseen: readonly StoredEvent[]): readonly StoredEvent[] => {
  if (unseen.length === 0) return events;
  const overridden = new Set(unseen.map(({ keyNumber }) => keyNumber));
  return [...events.filter(({ keyNumber }) => !overridden.has(keyNumber)), ...unseen];
};

/** What lost against older state, where forks were resolved, is shown all the same: that it was sent is news. */
const overtakenBy = (unseen: readonly StoredEvent[], timeline: readonly StoredEvent[]): number => {
  const changed = new Map(unseen.map(({ keyNumber, ord }) => [keyNumber, ord ?? 0]));
  return 1 + timeline.findLastIndex(({ keyNumber, ord }) => (changed.get(keyNumber) ?? 0) > (ord ?? 0));
};

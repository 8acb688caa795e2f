import type { EventId } from '@holm/spec/ids';
import type { Event } from '../../core/events/event.ts';
import { isState } from '../../core/events/event.ts';
import type { KeyedQueue } from '../../platform/keyed-queue.ts';
import { slices } from '../../platform/turns.ts';
import type { Database } from '../../storage/database.ts';
import type { Position } from '../../streams/stream.ts';
import type { LastChanges } from '../../streams/last-changes.ts';
import type { Committer } from '../commit.ts';
import type { Events } from '../events.ts';
import { checkByState } from '../ingest/checks/5-state-before.ts';
import { gapsStore } from '../ingest/gaps.store.ts';
import { KnownEvents } from '../ingest/known-events.ts';
import { byPrevEvents, inOrder } from '../ingest/order.ts';
import { StepStates, type StepStatesDeps } from '../ingest/step-states.ts';
import {
  EMPTY_STATE,
  type EventNid,
  type Extremity,
  isOfRoom,
  type KeyNumber,
  type RoomNid,
  type SnapshotId,
  type StoredEvent,
} from '../model.ts';
import type { Room } from '../room.ts';
import type { Rooms } from '../rooms.ts';
import { authorise } from '../../core/auth/authorise.ts';
import { stateToAuthorise } from '../../core/auth/selection.ts';
import { stateKey as keyString } from '../../core/state/state-key.ts';
import type { StateLogs } from '../state/state-log.ts';
import type { UserRooms } from '../members/user-rooms.ts';
import type { States } from '../state/states.ts';
import type { Tries } from '../state/tries.ts';
import { Change } from '../write/change.ts';
import type { RoomWriter } from '../write/room-writer.ts';
import type { StateRow } from '../write/room-write.ts';
import type { PartialRoom } from './partial-room.ts';
import type { PartialRooms } from './partial-rooms.ts';
import { partialRoomsStore as store, type PlacedJoin } from './partial-rooms.store.ts';

export interface CompletionDeps extends StepStatesDeps {
  readonly db: Database;
  readonly rooms: Rooms;
  readonly partial: PartialRooms;
  readonly events: Events;
  readonly states: States;
  readonly tries: Tries;
  readonly stateLogs: StateLogs;
  readonly committer: Committer;
  readonly writer: RoomWriter;
  readonly queue: KeyedQueue<RoomNid>;
  readonly userRooms: Pick<UserRooms, 'outdated'>;
  readonly memberChanges: LastChanges<RoomNid>;
}

/** Keys of a state that are set at a time, and events that are made current at a time. */
const KEYS_AT_ONCE = 200;
const ROWS_AT_ONCE = 500;
const EVENTS_AT_ONCE = 200;

/** The state before the join, with the rows that it is made of. */
interface FullState {
  readonly snapshot: SnapshotId;
  readonly rows: readonly StateRow[];
}

/**
 * Completes the state of a room that was joined with a part of it: gives every event that came in since another look,
 * now with all members known.
 */
export class Completion {
  readonly #deps: CompletionDeps;

  constructor(deps: CompletionDeps) {
    this.#deps = deps;
  }

  /** `state`: the events of the full state before the join, all of them stored. False: the room has moved on; again. */
  async complete(partial: PartialRoom, state: readonly EventId[]): Promise<boolean> {
    const { events, queue } = this.#deps;
    const join = await events.byId(partial.joinId);
    if (!isPlaced(join)) throw new Error(`the join ${partial.joinId} has no place in its room`);
    const known = await this.#deps.tries.entries(join.snapshot);
    const entries = await this.#entries(partial.roomNid, state, known);
    const full = await this.#fullState(join.snapshot, entries);
    for await (const some of slices([...entries.values()], ROWS_AT_ONCE)) {
      await queue.run(partial.roomNid, async () => {
        if (!(await this.#roomOf(partial))) return;
        this.#deps.userRooms.outdated(await store.addCurrent(this.#deps.db, join, some));
      });
    }
    return queue.run(partial.roomNid, () => this.#finish(partial, join, full));
  }

  /** The room, unless it has been purged or joined anew meanwhile. */
  async #roomOf({ roomNid, joinId }: PartialRoom): Promise<Room | undefined> {
    const room = await this.#deps.rooms.byNid(roomNid);
    return room?.head && this.#deps.partial.get(roomNid)?.joinId === joinId ? room : undefined;
  }

  /**
   * What whoever is asked for the full state can add to it is members, and what could not be read before. All else was
   * said by the server that let us in, of the same moment: nobody who is asked later can put anything in its place.
   */
  async #entries(
    room: RoomNid,
    state: readonly EventId[],
    known: readonly (readonly [KeyNumber, EventNid])[],
  ): Promise<Map<KeyNumber, EventNid>> {
    const entries: [KeyNumber, EventNid][] = [];
    for await (const ids of slices(state, EVENTS_AT_ONCE)) {
      for (const ref of await gapsStore.refs(this.#deps.db, ids)) {
        const isUsable = ref.room === room && ref.status !== 'rejected' && ref.authNumber !== undefined;
        if (isUsable && ref.keyNumber !== undefined) entries.push([ref.keyNumber, ref.nid]);
      }
    }
    return new Map([...new Map([...entries, ...known])].sort(([a], [b]) => a - b));
  }

  async #fullState(base: SnapshotId, entries: ReadonlyMap<KeyNumber, EventNid>): Promise<FullState> {
    const { tries } = this.#deps;
    const rows: StateRow[] = [];
    let snapshot = base;
    for await (const some of slices([...entries], KEYS_AT_ONCE)) {
      const next = await tries.change(snapshot, new Map(some));
      rows.push(...next.rows);
      ({ snapshot } = next);
    }
    return { snapshot, rows };
  }

  /** In the room's queue. */
  async #finish(partial: PartialRoom, join: PlacedJoin, full: FullState): Promise<boolean> {
    const { db, rooms, events, committer, writer } = this.#deps;
    const room = await this.#roomOf(partial);
    if (!room?.head) return true;
    const change = new Change(room, room.head);
    change.addRows(full.rows);
    const position = await committer.claim();
    try {
      const review = new Review(this.#deps, change, { event: join, state: full.snapshot });
      const revised = await review.events(await store.resting(db, join));
      change.setExtremities(await review.extremities());
      const current = await review.current();
      change.setCurrent(current, position, await this.#difference(room, change, { full: full.snapshot, current }));
      const write = change.toWrite();
      const isWritten = await db.transact(async (tx) => {
        if (!(await writer.commitIn(tx, write))) return false;
        await store.revise(tx, revised);
        await this.#deps.partial.removeIn(tx, partial);
        return true;
      });
      if (!isWritten) {
        rooms.drop(room.nid);
        committer.abandon(change, [position]);
        return false;
      }
      for (const event of revised) events.remember(event);
      this.#deps.partial.completed(partial);
      this.#deps.memberChanges.note(room.nid, position);
      committer.applied(change, write.head, [position], position);
      // It does not know whom the rows besides have made members, nor what was taken back.
      rooms.drop(room.nid);
      return true;
    } catch (error) {
      committer.abandon(change, [position]);
      throw error;
    }
  }

  /** What is current beside what has been made so already: what came after the join, and what it turned out not to do. */
  async #difference(
    room: Room,
    change: Change,
    { full, current }: { readonly full: SnapshotId; readonly current: SnapshotId },
  ) {
    const { tries, events } = this.#deps;
    const since = await tries.diff(full, current);
    // Looked up by key, and not as a difference of the two: that would be nearly all members.
    const before = await tries.entries(change.base.snapshot);
    const now = await tries.lookup(
      current,
      before.map(([key]) => key),
    );
    const undone = before
      .map(([key, from]) => [key, from, now.get(key) ?? 0] as const)
      .filter(([, from, to]) => from !== to);
    const keys = new Map([...undone, ...since].map((entry) => [entry[0], entry] as const));
    const wanted = [...keys.values()].flatMap(([, from, to]) => [from, to]).filter((nid) => nid !== 0);
    const found = await events.load(wanted);
    return [...keys.values()].map(([key, from, to]) => [key, found.get(from), found.get(to)] as const);
  }
}

/** Another look at the events that rest on a join whose state was incomplete. */
class Review {
  readonly #deps: CompletionDeps;
  readonly #change: Change;
  readonly #known: KnownEvents;
  readonly #states: StepStates;
  readonly #join: { readonly event: PlacedJoin; readonly state: SnapshotId };
  readonly #revised = new Map<EventNid, StoredEvent>();

  constructor(deps: CompletionDeps, change: Change, join: { readonly event: PlacedJoin; readonly state: SnapshotId }) {
    this.#deps = deps;
    this.#change = change;
    this.#known = new KnownEvents(deps.events, change);
    this.#states = new StepStates(deps, change, this.#known);
    this.#join = join;
  }

  /** As they are now. */
  async events(nids: readonly EventNid[]): Promise<StoredEvent[]> {
    const stored = new Map<EventId, StoredEvent>();
    for await (const some of slices(nids, EVENTS_AT_ONCE)) {
      for (const event of (await this.#deps.events.load(some)).values()) stored.set(event.event.eventId, event);
    }
    this.#deps.afterStates.forget(nids);
    const ordered = inOrder(
      [...stored.values()].map(({ event }) => event),
      byPrevEvents,
    );
    for await (const some of slices(ordered, EVENTS_AT_ONCE)) {
      for (const { eventId } of some) {
        const event = stored.get(eventId);
        if (event) await this.#review(event);
      }
    }
    return [...this.#revised.values()];
  }

  /** Those that are left, and what is accepted before those that are none any more. */
  async extremities(): Promise<Extremity[]> {
    const followed = new Set<EventId>();
    for (const { event, status } of this.#revised.values()) {
      if (isOfRoom(status)) for (const id of event.prevEvents) followed.add(id);
    }
    const found = new Map<EventId, Extremity>();
    let wave: readonly EventId[] = this.#change.head.extremities.map(({ eventId }) => eventId);
    const seen = new Set(wave);
    while (wave.length > 0) {
      const next: EventId[] = [];
      for (const { nid, event, status } of (await this.#known.find(wave)).values()) {
        if (!isOfRoom(status)) next.push(...event.prevEvents);
        else if (!followed.has(event.eventId)) {
          found.set(event.eventId, { nid, eventId: event.eventId, depth: event.depth });
        }
      }
      // Each once, however many ways lead to it.
      wave = next.filter((id) => !seen.has(id) && seen.add(id));
    }
    return [...found.values()];
  }

  current(): Promise<SnapshotId> {
    return this.#states.ofExtremities(this.#change.head.extremities);
  }

  async #review(stored: StoredEvent): Promise<void> {
    const { event } = stored;
    const before = await this.#before(stored);
    const revised: StoredEvent = {
      ...stored,
      snapshot: before,
      replaces: await this.#replaced(event, before),
      ...(await this.#verdict(stored, before)),
    };
    this.#revised.set(stored.nid, revised);
    this.#change.see(revised);
  }

  /** Checks 5 and 6 once more. What fails now is taken back; what had failed stays where it was. */
  async #verdict(stored: StoredEvent, before: SnapshotId): Promise<Partial<StoredEvent>> {
    const { event, status } = stored;
    const takenBack = { ord: undefined, position: undefined };
    const byState = await checkByState(this.#deps.states, this.#change, event, { snapshot: before });
    if (!byState.allowed || status === 'rejected') return { status: 'rejected', ...takenBack };
    if (stored.position === undefined || stored.nid === this.#join.event.nid) return {};
    return (await this.#isAllowedThen(event, stored.position)) ? {} : { status: 'soft-failed', ...takenBack };
  }

  /** By what was current when it came in: what had changed since the join, and for the rest the full state before it. */
  async #isAllowedThen(event: Event, position: Position): Promise<boolean> {
    const { states, stateLogs } = this.#deps;
    const { room } = this.#change;
    const keys = stateToAuthorise(event.version, event);
    const then = await stateLogs.at(room, (position - 1) as Position);
    const [known, base, full] = await Promise.all(
      [then, this.#join.event.snapshot, this.#join.state].map((at) => states.view(room, at, keys, this.#change)),
    );
    return authorise(event, (type, stateKey) => {
      const key = keyString(type, stateKey);
      const now = known?.get(key);
      const isNews = now !== undefined && now.nid !== base?.get(key)?.nid && isOfRoom(now.status);
      return (isNews ? now : full?.get(key))?.event;
    }).allowed;
  }

  /** Follows from its prev events, unless some of them are missing: then the state is the word of another server. */
  async #before({ event, snapshot = EMPTY_STATE }: StoredEvent): Promise<SnapshotId> {
    if (event.eventId === this.#join.event.event.eventId) return this.#join.state;
    if (event.prevEvents.length === 0) return EMPTY_STATE;
    const prevEvents = await this.#known.find(event.prevEvents);
    const placed = [...prevEvents.values()].filter((prev) => prev.snapshot !== undefined);
    return placed.length < event.prevEvents.length ? snapshot : this.#states.following(placed);
  }

  async #replaced(event: Event, before: SnapshotId): Promise<EventNid | undefined> {
    if (!isState(event)) return undefined;
    const { states } = this.#deps;
    const view = await states.view(this.#change.room, before, [[event.type, event.stateKey]], this.#change);
    return view.values().next().value?.nid;
  }
}

const isPlaced = (join: StoredEvent | undefined): join is PlacedJoin =>
  join?.ord !== undefined && join.position !== undefined && join.snapshot !== undefined;

import type { EventId, UserId } from '@holm/spec/ids';
import type { Clock } from '../../platform/clock.ts';
import type { KeyedQueue } from '../../platform/keyed-queue.ts';
import { slices } from '../../platform/turns.ts';
import type { Position } from '../../streams/stream.ts';
import type { VersionedChanges } from '../../streams/versioned-changes.ts';
import type { Committer } from '../commit.ts';
import type { PlacerDeps } from '../ingest/placer.ts';
import type { Head, RoomNid, SnapshotId, StoredEvent } from '../model.ts';
import type { Room } from '../room.ts';
import type { Rooms } from '../rooms.ts';
import type { UserRooms } from '../members/user-rooms.ts';
import type { StickyEvents } from '../sticky/sticky-events.ts';
import { stickyOf } from '../sticky/stuck.ts';
import { Change } from '../write/change.ts';
import { relationsOf } from '../write/relations.ts';
import type { RoomWriter } from '../write/room-writer.ts';
import { type FullState, fullState } from './full-state.ts';
import type { PartialRoom } from './partial-room.ts';
import type { PartialRooms } from './partial-rooms.ts';
import { partialRoomsStore as store, type PlacedJoin } from './partial-rooms.store.ts';
import { Review, type ReviewDeps, type Reviewed } from './review.ts';
import { SecondLook } from './second-look.ts';
import { takenBackStore } from './taken-back.store.ts';

export interface CompletionDeps extends ReviewDeps, PlacerDeps {
  readonly clock: Clock;
  readonly rooms: Rooms;
  readonly partial: PartialRooms;
  readonly sticky: Pick<StickyEvents, 'hide'>;
  readonly writer: RoomWriter;
  readonly committer: Committer;
  readonly queue: KeyedQueue<RoomNid>;
  readonly userRooms: Pick<UserRooms, 'outdated'>;
  readonly memberChanges: VersionedChanges<RoomNid>;
}

/** Events that are made current at a time. */
const ROWS_AT_ONCE = 500;

/** What the room is once it is known in full, before it is written. */
interface Outcome {
  readonly partial: PartialRoom;
  readonly join: PlacedJoin;
  readonly change: Change;
  readonly reviewed: Reviewed;
  readonly revised: readonly StoredEvent[];
  /** Its places in the stream. At the first one the room is known in full. */
  readonly positions: readonly Position[];
  readonly position: Position;
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
    const room = await this.#roomOf(partial);
    if (!room) return true;
    const full = await fullState(this.#deps, room, { known: join.snapshot, ids: state });
    await queue.run(partial.roomNid, () => this.#clean(partial));
    for await (const some of slices(full.nids, ROWS_AT_ONCE)) {
      await queue.run(partial.roomNid, async () => {
        if (!(await this.#roomOf(partial))) return;
        const added = await store.addCurrent(this.#deps.db, join, { nids: some, except: this.#deps.serverName });
        this.#deps.userRooms.outdated(added);
      });
    }
    return queue.run(partial.roomNid, () => this.#finish(partial, join, full));
  }

  /** An attempt that has come to nothing may have made current what another server says otherwise. */
  async #clean(partial: PartialRoom): Promise<void> {
    const { db, tries, serverName, userRooms } = this.#deps;
    const room = await this.#roomOf(partial);
    if (!room?.head) return;
    const entries = await tries.entries(room.head.snapshot);
    const nids = entries.map(([, nid]) => nid);
    userRooms.outdated(await store.keepOnly(db, room.nid, { nids, except: serverName }));
  }

  /** The room, unless it has been purged or joined anew meanwhile. */
  async #roomOf({ roomNid, joinId }: PartialRoom): Promise<Room | undefined> {
    const room = await this.#deps.rooms.byNid(roomNid);
    return room?.head && this.#deps.partial.get(roomNid)?.joinId === joinId ? room : undefined;
  }

  /** In the room's queue. */
  async #finish(partial: PartialRoom, join: PlacedJoin, full: FullState): Promise<boolean> {
    const { rooms, committer } = this.#deps;
    const room = await this.#roomOf(partial);
    if (!room?.head) return true;
    const change = new Change(room, room.head);
    change.addRows(full.rows);
    let positions: readonly Position[] = [];
    try {
      const whole = change.claim();
      const review = new Review(this.#deps, change, { event: join, state: full.snapshot });
      const reviewed = await review.events(await store.resting(this.#deps.db, join));
      change.setExtremities(await review.extremities());
      const current = await review.current();
      change.setCurrent(current, whole, await this.#difference(room, change, { full: full.snapshot, current }));
      await new SecondLook(this.#deps, change).at(reviewed.refused);
      positions = await committer.take(change);
      const position = change.at(whole);
      change.sticky.push(...stickyOf(change.events, this.#deps.clock.now(), position));
      const revised = review.revised();
      if (await this.#write({ partial, join, change, reviewed, revised, positions, position })) return true;
      rooms.drop(room.nid);
      committer.abandon(change, positions);
      return false;
    } catch (error) {
      committer.abandon(change, positions);
      throw error;
    }
  }

  /** False, and nothing is written, when the room has moved on. */
  async #write(outcome: Outcome): Promise<boolean> {
    const { partial, join, change, position, reviewed, revised } = outcome;
    const { undone, takenBack } = reviewed;
    const restored = relationsOf(undone.map(({ event }) => event));
    const write = change.toWrite();
    const { nid } = change.room;
    let told: readonly UserId[] = [];
    const isWritten = await this.#deps.db.transact(async (tx) => {
      const all = { ...write, relations: [...write.relations, ...restored] };
      if (!(await this.#deps.writer.commitIn(tx, all))) return false;
      await store.revise(tx, revised);
      await takenBackStore.takeBack(tx, nid, takenBack);
      await takenBackStore.restore(tx, nid, undone);
      told = await store.addLocal(tx, join, { position, server: this.#deps.serverName });
      await this.#deps.partial.removeIn(tx, partial);
      return true;
    });
    if (isWritten) this.#tell(outcome, write.head, told);
    return isWritten;
  }

  /** Memory, and everybody else, once it is durable. */
  #tell(
    { partial, change, reviewed, revised, positions, position }: Outcome,
    head: Head,
    told: readonly UserId[],
  ): void {
    const { rooms, events, committer, userRooms, sticky, memberChanges } = this.#deps;
    const { room } = change;
    for (const event of revised) events.remember(event);
    for (const { event } of reviewed.undone) events.unredacted(event);
    sticky.hide(room.nid, reviewed.takenBack);
    this.#deps.partial.completed(partial, position);
    userRooms.outdated(told);
    memberChanges.note(room.nid, position);
    committer.wake(position, told);
    committer.applied(change, head, positions, position);
    // It does not know whom the rows besides have made members, nor what was taken back.
    rooms.drop(room.nid);
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

const isPlaced = (join: StoredEvent | undefined): join is PlacedJoin =>
  join?.ord !== undefined && join.position !== undefined && join.snapshot !== undefined;

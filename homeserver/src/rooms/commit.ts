import { stickinessOf } from '../core/events/sticky.ts';
import type { ServerName, UserId } from '@holm/spec/ids';
import { letGoOfText } from '../core/events/pdu-text.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Numbers } from '../storage/numbers.ts';
import type { Notifier } from '../streams/notifier.ts';
import type { LastChanges } from '../streams/last-changes.ts';
import { RoomBells } from '../streams/room-bells.ts';
import type { Position, Stream } from '../streams/stream.ts';
import type { VersionedChanges } from '../streams/versioned-changes.ts';
import type { Events } from './events.ts';
import type { UserRooms } from './members/user-rooms.ts';
import type { Head, StoredEvent, RoomNid } from './model.ts';
import type { Silence } from './relations/silence.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';
import type { AuthGraphs } from './state/auth-graphs.ts';
import type { StateRedactions } from './state/state-redactions.ts';
import type { StickyEvents } from './sticky/sticky-events.ts';
import { stickyOf } from './sticky/stuck.ts';
import type { Change, ChangedKeys } from './write/change.ts';
import { type CommittedMember, toMember } from './write/member-changes.ts';
import { relationsOf } from './write/relations.ts';
import type { RoomWriter } from './write/room-writer.ts';
import type { OutboxWrite } from './write/room-write.ts';

/** What others learn of a step once it is durable. */
export interface Committed {
  readonly room: Room;
  /** Events that are shown, in the order of the timeline. */
  readonly timeline: readonly StoredEvent[];
  readonly members: readonly CommittedMember[];
  readonly outbox: readonly OutboxWrite[];
  /** The room's current state is another one than before. */
  readonly hasNewState: boolean;
  /** Its keys that have another event than before, or none: also of events that are not in the timeline. */
  readonly changedKeys: ChangedKeys;
  /** A room that was joined in part is known in full since this place; its members are not among `members`. */
  readonly wholeSince?: Position | undefined;
}

/** Told of every step, after it is durable. Must not throw and must not take long. */
export type CommitListener = (committed: Committed) => void;

export interface CommitDeps {
  readonly writer: RoomWriter;
  readonly rooms: Pick<Rooms, 'written'>;
  readonly events: Events;
  readonly userRooms: UserRooms;
  readonly authGraphs: AuthGraphs;
  readonly stream: Stream;
  /** Rooms of which something changed, and those of which the members did. */
  readonly roomChanges: LastChanges<RoomNid>;
  readonly memberChanges: VersionedChanges<RoomNid>;
  readonly stateRedactions: StateRedactions;
  /** Where the stream's positions come from. */
  readonly positions: Numbers;
  readonly notifier: Notifier;
  readonly log: Log;
  readonly serverName: ServerName;
  readonly sticky: StickyEvents;
  readonly silence: Silence;
  readonly clock: Clock;
  readonly listeners: readonly CommitListener[];
}

/** More positions than can be claimed while the next block is being taken from the database. */
const AT_HAND = 1_000;

interface PendingWake {
  readonly position: Position;
  readonly ring: () => void;
}

/** Makes steps of rooms durable, then lets everyone know. */
export class Committer {
  readonly #deps: CommitDeps;
  readonly #wakes: PendingWake[] = [];
  readonly #bells: RoomBells<RoomNid>;

  constructor(deps: CommitDeps) {
    this.#deps = deps;
    this.#bells = new RoomBells(deps);
  }

  /** A place in the stream. Give it back with the commit, or with `abandon` if it comes to nothing. */
  async claim(): Promise<Position> {
    const filling = this.#deps.positions.ensure(AT_HAND);
    if (filling) await filling;
    return this.#deps.stream.claim();
  }

  /**
   * Takes the places that a step has only counted while it was being built: until they are given back nobody hears of what
   * comes after them, in whatever room, so that only the write may come in between.
   */
  async take(change: Change): Promise<readonly Position[]> {
    const positions: Position[] = [];
    try {
      while (positions.length < change.claimed) positions.push(await this.claim());
      change.settle(positions);
    } catch (error) {
      this.abandon(change, positions);
      throw error;
    }
    return positions;
  }

  /** Wakes readers as soon as they can see what is written at `position`. */
  wake(position: Position, users: Iterable<UserId>): void {
    this.#wakes.push({ position, ring: () => this.#deps.notifier.wake(users) });
    this.#wakeSettled();
  }

  /** Gives back what a step has taken that comes to nothing. */
  abandon({ room }: Change, positions: readonly Position[]): void {
    // Its entries may be in there already, for a resolution on the way.
    this.#deps.authGraphs.drop(room.nid);
    this.release(positions);
  }

  release(positions: readonly Position[]): void {
    for (const position of positions) this.#deps.stream.release(position);
    this.#wakeSettled();
  }

  /** False when the room's head has moved. Either way `positions` are given back. */
  async commit(change: Change, claimed: readonly Position[]): Promise<boolean> {
    let positions = claimed;
    let head: Head | undefined;
    try {
      const mayStick = change.events.some(({ event }) => stickinessOf(event.pdu) !== undefined);
      if (mayStick) positions = await this.#stick(change, claimed);
      const write = change.toWrite();
      if (await this.#deps.writer.commit(write)) head = write.head;
    } finally {
      if (!head) this.abandon(change, positions);
    }
    if (head) this.applied(change, head, positions);
    return head !== undefined;
  }

  /** What sticks is news wherever it has its place: it takes a position of its own if the step has none for it. */
  async #stick(change: Change, positions: readonly Position[]): Promise<readonly Position[]> {
    const now = this.#deps.clock.now();
    const events = change.events.filter(({ nid }) => !change.unstuck.has(nid));
    if (stickyOf(events, now, undefined).length === 0) return positions;
    const isPlaced = events.every(({ position, status }) => position !== undefined || status !== 'accepted');
    const own = isPlaced ? undefined : await this.claim();
    change.sticky.push(...stickyOf(events, now, own));
    return own === undefined ? positions : [...positions, own];
  }

  /** Brings what is remembered up to date with a write that is durable now, and lets everyone know. */
  applied(change: Change, head: Head, positions: readonly Position[], wholeSince?: Position): void {
    const { events, userRooms, authGraphs, serverName } = this.#deps;
    const { room } = change;
    room.moveHead(head);
    this.#deps.rooms.written(room);
    room.keys.added(change.newKeys);
    room.stateLog.append(change.stateLog);
    authGraphs.added(room.nid, change.authEntries);
    for (const event of change.events) if (change.isAtHand || events.cached(event.nid)) events.remember(event);
    for (const { target, by } of change.redacting.redacted) this.#redacted(room, target, by);
    this.#deps.sticky.add(room.nid, change.sticky);
    this.#break(change, wholeSince);
    const timeline = this.#shown(change);
    room.tail.append(timeline);
    room.members.changed(serverName, change.members);
    for (const member of change.members) userRooms.changed(toMember(room, member));
    this.#noteChanges(change, positions);
    this.#queueWake(change, timeline);
    this.release(positions);
    const { members, outbox, changedKeys } = change;
    const hasNewState = change.stateLog.length > 0;
    this.#tell({ room, timeline, members, outbox, hasNewState, changedKeys, wholeSince });
    for (const { event } of change.events) letGoOfText(event);
  }

  /** What turns out to count when a room is known in full may say anything. */
  #break({ room, events }: Change, wholeSince: Position | undefined): void {
    const { silence } = this.#deps;
    if (wholeSince === undefined) silence.broken(room, relationsOf(events));
    else silence.forget(room);
  }

  #noteChanges(change: Change, positions: readonly Position[]): void {
    const { roomChanges, memberChanges, stateRedactions } = this.#deps;
    const { room, members } = change;
    const last = positions.at(-1);
    if (last === undefined) return;
    roomChanges.note(room.nid, last);
    stateRedactions.committed(change, last);
    if (members.length > 0) memberChanges.note(room.nid, last);
  }

  #tell(committed: Committed): void {
    const { listeners, log } = this.#deps;
    for (const listener of listeners) {
      try {
        listener(committed);
      } catch (err) {
        log.error('a commit listener failed', { err, roomId: committed.room.roomId });
      }
    }
  }

  /** What the step adds to the timeline, in its order. */
  #shown({ room, events, redacting: { released } }: Change): StoredEvent[] {
    for (const redaction of released) room.tail.replace(this.#deps.events.remember(redaction));
    const shown = [...events, ...released].filter(({ position }) => position !== undefined);
    // Redactions that were withheld come after what they waited for, whenever they were placed.
    return shown.sort((a, b) => (a.ord ?? 0) - (b.ord ?? 0));
  }

  #redacted(room: Room, target: number, by: number): void {
    const { events } = this.#deps;
    const known = events.redacted(target, by) ?? room.tail.find(target);
    if (known) room.tail.replace(known.redactedBy === undefined ? events.remember(known) : known);
  }

  /** Readers are woken when they can see the event, which is not before everything below it has settled. */
  #queueWake({ room, members, stateLog, sticky }: Change, timeline: readonly StoredEvent[]): void {
    // State may change without an event in the timeline: by one that joins others. What sticks need not be there either.
    const news = [timeline.at(-1), members.at(-1), { position: stateLog.at(-1)?.[0] }, sticky.at(-1)];
    const last = news.find((one) => one?.position !== undefined)?.position;
    if (last === undefined) return;
    const local = room.members.loaded?.local ?? [];
    const concerned = members.filter(({ server }) => server === this.#deps.serverName).map(({ userId }) => userId);
    if (concerned.length > 0) return this.wake(last, [...local, ...concerned]);
    const speakers = timeline.map(({ event }) => event.sender);
    this.#wakes.push({ position: last, ring: () => this.#bells.ring(room.nid, local, speakers) });
  }

  #wakeSettled(): void {
    const { settled } = this.#deps.stream;
    for (let i = 0; i < this.#wakes.length;) {
      const wake = this.#wakes[i];
      if (wake && wake.position <= settled) {
        this.#wakes.splice(i, 1);
        wake.ring();
      } else i++;
    }
  }
}

import { serverOf, UserId } from '@holm/spec/ids';
import type { EventId } from '@holm/spec/ids';
import type { StateKey } from '../../core/auth/selection.ts';
import type { AuthEntry } from '../../core/state/auth-graph-chunk.ts';
import { isState, type Event } from '../../core/events/event.ts';
import { pduText } from '../../core/events/pdu-text.ts';
import { redactEvent } from '../../core/events/to-event.ts';
import type { Position } from '../../streams/stream.ts';
import type { EventNid, Extremity, Head, KeyNumber, Member, SnapshotId, StoredEvent } from '../model.ts';
import type { Room } from '../room.ts';
import type { Placement } from './placement.ts';
import { relationsOf } from './relations.ts';
import { AuthLedger } from '../state/auth-ledger.ts';
import type { Stuck } from '../sticky/stuck.ts';
import type { Pending } from '../state/states.ts';
import { Redacting } from './redacting.ts';
import type { MemberChange, NewKey, OutboxWrite, RoomWrite, StateRow } from './room-write.ts';

/** How many numbers of a timeline are left free for missing events. */
export const GAP_LENGTH = 2 ** 20;

export type StateDifference = readonly (readonly [KeyNumber, StoredEvent | undefined, StoredEvent | undefined])[];

export type ChangedKeys = Pick<ReadonlyMap<KeyNumber, unknown>, 'has'>;

export interface CommittedMember extends MemberChange {
  readonly before: string | undefined;
}

/**
 * One step of a room in the making: events are placed one after the other, each on top of the last, and all of it is
 * written together. Nothing here touches what other readers see until the write has been committed.
 */
export class Change implements Pending {
  readonly room: Room;
  readonly base: Head;
  readonly events: StoredEvent[] = [];
  /** Whether its events are kept at hand once they are written. */
  isAtHand = true;
  readonly redacting = new Redacting();
  readonly gaps: (readonly [EventId, EventNid])[] = [];
  readonly filled: EventId[] = [];
  readonly txns: (readonly [Buffer, EventNid])[] = [];
  readonly outbox: OutboxWrite[] = [];
  readonly sticky: Stuck[] = [];
  /** What would stick, but is of long ago and not allowed any more. */
  readonly unstuck = new Set<EventNid>();
  readonly #placed = new Map<EventNid, StoredEvent>();
  readonly #byId = new Map<EventId, StoredEvent>();
  readonly #members = new Map<UserId, CommittedMember>();
  readonly #rows: StateRow[] = [];
  readonly #keys: NewKey[] = [];
  readonly #newNumbers = new Map<string, KeyNumber>();
  readonly #current = new Map<KeyNumber, EventNid | undefined>();
  readonly #log: (readonly [Position, SnapshotId])[] = [];
  readonly #auth = new AuthLedger();
  #head: Head;

  constructor(room: Room, base: Head) {
    this.room = room;
    this.base = base;
    this.#head = base;
  }

  /** The head as it will be. */
  get head(): Head {
    return this.#head;
  }

  /** Whose membership is another one now. */
  get members(): readonly CommittedMember[] {
    return [...this.#members.values()];
  }

  /** The state keys that have another event now, or none. */
  get changedKeys(): ChangedKeys {
    return this.#current;
  }

  get isEmpty(): boolean {
    return this.events.length === 0;
  }

  /** What the step adds to the graph of authority. */
  get authEntries(): readonly AuthEntry[] {
    return this.#auth.entries;
  }

  /** What becomes current at which position. */
  get stateLog(): readonly (readonly [Position, SnapshotId])[] {
    return this.#log;
  }

  get newKeys(): readonly NewKey[] {
    return this.#keys;
  }

  number(key: StateKey): KeyNumber | undefined {
    return this.#newNumbers.get(key.join('\0'));
  }

  event(nid: EventNid): StoredEvent | undefined {
    return this.#placed.get(nid);
  }

  /** An event that has been placed in this step. */
  byId(id: EventId): StoredEvent | undefined {
    return this.#byId.get(id);
  }

  /** The number of a state key, a new one if the room has none yet. `RoomKeys.load` must have seen it. */
  keyNumber(key: StateKey): KeyNumber {
    const known = this.room.keys.number(key) ?? this.number(key);
    if (known !== undefined) return known;
    const number = this.#head.nextKey;
    this.#head = { ...this.#head, nextKey: number + 1 };
    this.#newNumbers.set(key.join('\0'), number);
    this.#keys.push({ number, type: key[0], stateKey: key[1] });
    return number;
  }

  /** Adds an event; its place in the timeline follows the last one's, if it has a position at all. */
  place(event: Event, placement: Placement): StoredEvent {
    const { nid, status, snapshot, position, replaces } = placement;
    const inTimeline = position !== undefined && placement.isHidden !== true;
    const kept = placement.redactedBy === undefined ? event : redactEvent(event);
    const stored: StoredEvent = {
      nid,
      roomNid: this.room.nid,
      event: kept,
      textLength: pduText(kept).length,
      status,
      ord: inTimeline ? this.#nextOrd(placement) : placement.history,
      position: inTimeline ? position : undefined,
      snapshot,
      keyNumber: isState(event) ? this.keyNumber([event.type, event.stateKey]) : undefined,
      authNumber: placement.authNumber ?? this.#numberInGraph(event, placement),
      replaces,
      redactedBy: placement.redactedBy,
    };
    this.#keep(stored);
    this.#head = {
      ...this.#head,
      depth: position !== undefined ? Math.max(this.#head.depth, event.depth) : this.#head.depth,
      firstOrd: Math.min(this.#head.firstOrd, placement.history ?? this.#head.firstOrd),
      lastOrd: inTimeline ? this.#nextOrd(placement) : this.#head.lastOrd,
    };
    return stored;
  }

  /** Gives an event of this step its place in the history of the timeline. */
  putInHistory(stored: StoredEvent, ord: number): void {
    this.#keep({ ...stored, ord });
    this.#head = { ...this.#head, firstOrd: Math.min(this.#head.firstOrd, ord) };
  }

  /** Nothing ends a timeline downwards, so the first event of a room needs no room in front of it. */
  #nextOrd({ isAfterGap = false }: Placement): number {
    const { firstOrd, lastOrd } = this.#head;
    return lastOrd + 1 + (isAfterGap && lastOrd >= firstOrd ? GAP_LENGTH : 0);
  }

  /** A new number in the graph of authority, for state whose auth events all have theirs. */
  #numberInGraph(event: Event, { nid, authNumbers: authEvents }: Placement): number | undefined {
    if (!isState(event) || authEvents === undefined) return undefined;
    const { nextAuth: ordinal, lastAuthNid: previousNid } = this.#head;
    this.#auth.append({ ordinal, nid, previousNid, authEvents });
    this.#head = { ...this.#head, nextAuth: ordinal + 1, lastAuthNid: nid };
    return ordinal;
  }

  /** An outlier of this step that finds its place in it is still one event. */
  #keep(stored: StoredEvent): void {
    const earlier = this.#placed.get(stored.nid);
    const index = earlier ? this.events.indexOf(earlier) : -1;
    if (index < 0) this.events.push(stored);
    else this.events[index] = stored;
    this.see(stored);
  }

  /** Takes its content from an event that is stored, or of this step. */
  redact(target: StoredEvent, by: EventNid): void {
    const now = this.#placed.get(target.nid) ?? target;
    const redacted = this.redacting.redact(now, by);
    if (redacted && this.events.includes(now)) this.#keep(redacted);
    else if (redacted && this.#placed.has(target.nid)) this.see(redacted);
  }

  /** A redaction that was withheld takes effect: from now on it is shown, as news where it never had a place. */
  release(redaction: StoredEvent, position: Position | undefined): void {
    const isNews = redaction.ord === undefined && position !== undefined;
    const ord = isNews ? this.#head.lastOrd + 1 : redaction.ord;
    const released: StoredEvent = { ...redaction, status: 'accepted', ...(isNews && { ord, position }) };
    if (isNews) this.#head = { ...this.#head, lastOrd: this.#head.lastOrd + 1 };
    if (this.events.includes(redaction)) this.#keep(released);
    else {
      if (this.#placed.has(redaction.nid)) this.see(released);
      this.redacting.released.push(released);
    }
  }

  /** An event that is stored already, as whoever builds the step will make it. */
  see(revised: StoredEvent): void {
    this.#placed.set(revised.nid, revised);
    this.#byId.set(revised.event.eventId, revised);
  }

  setExtremities(extremities: readonly Extremity[]): void {
    this.#head = { ...this.#head, extremities };
  }

  addRows(rows: readonly StateRow[]): void {
    this.#rows.push(...rows);
  }

  /** Makes a state current as of `position`. `difference` says what that changes. */
  setCurrent(snapshot: SnapshotId, position: Position, difference: StateDifference): void {
    if (snapshot === this.#head.snapshot) return;
    this.#head = { ...this.#head, snapshot };
    this.#log.push([position, snapshot]);
    for (const [key, before, after] of difference) {
      this.#current.set(key, after?.nid);
      const of = after ?? before;
      if (of?.event.type === 'm.room.member') this.#memberChanged(of, before, after, position);
    }
  }

  toWrite(): RoomWrite {
    const auth = this.#auth.appends();
    const touchesState =
      this.#log.length + this.#rows.length + this.#keys.length + auth.length > 0 ||
      this.gaps.length + this.filled.length > 0;
    return {
      room: this.room.nid,
      base: this.base,
      head: { ...this.#head, version: this.base.version + 1 },
      events: this.events,
      txns: this.txns,
      outbox: this.outbox,
      ...(this.redacting.isNeeded && { redactions: this.redacting }),
      relations: relationsOf(this.events),
      sticky: this.sticky,
      ...(touchesState && {
        state: {
          rows: this.#rows,
          keys: this.#keys,
          current: [...this.#current],
          members: this.members,
          log: this.#log,
          auth,
          gaps: this.gaps,
          filled: this.filled,
        },
      }),
    };
  }

  #memberChanged(
    of: StoredEvent,
    before: StoredEvent | undefined,
    after: StoredEvent | undefined,
    position: Position,
  ): void {
    const userId = of.event.stateKey;
    if (userId === undefined || !UserId.is(userId)) return;
    const change: CommittedMember = {
      userId,
      membership: after ? membershipText(after.event) : 'leave',
      before: before && membershipText(before.event),
      eventNid: of.nid,
      sender: of.event.sender,
      server: serverOf(userId),
      position,
    };
    // One row per user: only the last change of a step is written, but it must know what was before the first.
    const earlier = this.#members.get(userId);
    this.#members.set(userId, earlier ? { ...change, before: earlier.before } : change);
  }
}

const membershipText = ({ content }: Event): string => {
  const membership = content['membership'];
  return typeof membership === 'string' ? membership : 'leave';
};

/** A committed membership as readers know it. */
export const toMember = (room: Room, change: MemberChange): Member => ({
  roomNid: room.nid,
  userId: change.userId,
  membership: change.membership as Member['membership'],
  eventNid: change.eventNid,
  sender: change.sender,
  server: change.server,
  position: change.position,
});

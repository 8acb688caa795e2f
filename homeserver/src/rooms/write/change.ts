import type { EventId } from '@holm/spec/ids';
import type { StateKey } from '../../core/auth/selection.ts';
import type { AuthEntry } from '../../core/state/auth-graph-chunk.ts';
import { isState, type Event } from '../../core/events/event.ts';
import { pduText } from '../../core/events/pdu-text.ts';
import { redactEvent } from '../../core/events/to-event.ts';
import type { Position } from '../../streams/stream.ts';
import type { EventNid, Extremity, Head, KeyNumber, SnapshotId, StoredEvent } from '../model.ts';
import type { Room } from '../room.ts';
import type { Placement } from './placement.ts';
import { relationsOf } from './relations.ts';
import { AuthLedger } from '../state/auth-ledger.ts';
import type { Stuck } from '../sticky/stuck.ts';
import type { Pending } from '../state/states.ts';
import { type CommittedMember, MemberChanges } from './member-changes.ts';
import { Places } from './places.ts';
import { Redacting } from './redacting.ts';
import type { NewKey, OutboxWrite, RoomWrite, StateRow } from './room-write.ts';

/** How many numbers of a timeline are left free for missing events. */
export const GAP_LENGTH = 2 ** 20;

export type StateDifference = readonly (readonly [KeyNumber, StoredEvent | undefined, StoredEvent | undefined])[];

export type ChangedKeys = Pick<ReadonlyMap<KeyNumber, unknown>, 'has'>;

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
  readonly #members = new MemberChanges();
  readonly #rows: StateRow[] = [];
  readonly #keys: NewKey[] = [];
  readonly #newNumbers = new Map<string, KeyNumber>();
  readonly #current = new Map<KeyNumber, EventNid | undefined>();
  readonly #log: (readonly [Position, SnapshotId])[] = [];
  readonly #auth = new AuthLedger();
  readonly #places = new Places();
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
    return this.#members.all;
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

  /** How many places in the stream it is going to take. */
  get claimed(): number {
    return this.#places.count;
  }

  /** A place in the stream that is taken once all is ready to be written: see `Committer.take`. */
  claim(): Position {
    return this.#places.next();
  }

  /** Which place one that was claimed has turned out to be. */
  at(claimed: Position): Position {
    return this.#places.at(claimed);
  }

  /** Everything has the places that have been taken for it. */
  settle(positions: readonly Position[]): void {
    const places = this.#places;
    places.take(positions);
    for (const stored of this.#placed.values()) {
      const settled = places.settled(stored);
      if (settled !== stored) this.#replace(stored, settled);
    }
    this.redacting.settle(places);
    this.#members.settle(places);
    for (const [i, [position, snapshot]] of this.#log.entries()) this.#log[i] = [places.at(position), snapshot];
    for (const [i, one] of this.outbox.entries()) this.outbox[i] = places.settled(one);
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
    if (redacted && this.#placed.has(target.nid)) this.#replace(now, redacted);
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

  /** `stored`: of this step, or seen by it. */
  #replace(stored: StoredEvent, by: StoredEvent): void {
    if (this.events.includes(stored)) this.#keep(by);
    else this.see(by);
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
      this.#members.note(before, after, position);
    }
  }

  toWrite(): RoomWrite {
    if (!this.#places.areTaken) throw new Error('a step is written whose places in the stream have not been taken');
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
}

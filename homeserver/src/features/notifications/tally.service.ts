import type { UserId } from '@holm/spec/ids';
import type { RoomNid, StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Position } from '../../streams/stream.ts';
import type { UnreadCounts } from '../../core/push/unread-counts.ts';
import { Backlog, MAIN } from './backlog.ts';
import type { StoredBacklog, Stretch, UserInRoom } from './unread.store.ts';
import { digestFor, type UserRules } from './user-rules.service.ts';

/** Of a room's timeline, so many events are looked at. Who has left more than that unread hears of the newest. */
export const WINDOW = 10_000;
interface Beginning {
  readonly user: UserId;
  readonly room: Room;
  readonly rules: UserRules;
  /** By other rules, or of other times. */
  readonly before: Tally | undefined;
  /** What is stored is of no use. */
  readonly fromScratch: boolean;
  readonly rulesAt: Position;
}

/** How far the counting of one user's unread events in one room has come. */
export class Tally {
  readonly user: UserId;
  readonly roomNid: RoomNid;
  readonly rules: UserRules;
  /** Of what decides, when it began. */
  readonly digest: string;
  readonly backlog = new Backlog(0);
  /** Up to this place of the timeline, everything has been looked at. */
  upTo = -1;
  isStarted = false;
  /** It counts what is not so any more: another one has to be made. */
  isSpoilt = false;
  changedAt = 0 as Position;
  rulesAt: Position;
  /** Not held: a room that has gone from memory has to be counted anew, and its events would never go. */
  readonly #room: WeakRef<Room>;
  #before: { readonly counts: UnreadCounts; readonly rulesAt: Position } | undefined;
  #last: UnreadCounts | undefined;
  #working: Promise<void> | undefined;
  #savedUpTo = 0;
  /** Up to here, it was looked at before it was written down. */
  #restoredUpTo = 0;
  /** The end of the room's timeline before anything else was looked at. */
  readonly #begunAt: number;
  readonly #fromScratch: boolean;
  /** What is in the main timeline and not after this has been read, and need not be looked at. */
  #main = 0;

  constructor({ user, room, rules, before, fromScratch, rulesAt }: Beginning) {
    this.#fromScratch = fromScratch;
    this.user = user;
    this.roomNid = room.nid;
    this.#room = new WeakRef(room);
    this.#begunAt = this.#lastOrd;
    this.rules = rules;
    this.digest = digestFor(rules, room.nid);
    this.rulesAt = rulesAt;
    // What another one made of the room before may be told to have changed when it has not, never the other way round.
    this.#before = before?.isOf(room) === true ? { counts: before.counts, rulesAt: before.rulesAt } : undefined;
  }

  /** For those who have it in their hands. */
  get room(): Room {
    const room = this.#room.deref();
    if (!room) throw new Error(`room ${this.roomNid} has gone from memory while its unread events were counted`);
    return room;
  }

  get counts(): UnreadCounts {
    return this.backlog.counts;
  }

  /** Of the room as it is in memory now. */
  isOf(room: Room): boolean {
    return this.#room.deref() === room;
  }

  /** Whether it has begun, and nobody is at work on it. */
  get isIdle(): boolean {
    return this.isStarted && this.#working === undefined;
  }

  /** Whether everything up to a place has been counted. */
  hasReached(ord: number): boolean {
    return this.isStarted && this.upTo >= ord;
  }

  /** What comes next. */
  get wanted(): Omit<Stretch, 'room'> {
    return { after: this.upTo, main: this.#main, isPlain: this.rules.isPlain };
  }

  /** To find this out again would take more events than `cheap`, and many of them since it was written down last. */
  isWorthKeeping(cheap: number): boolean {
    const again = this.upTo - this.backlog.readOf(MAIN) + this.backlog.size;
    return (
      this.isStarted &&
      !this.isSpoilt &&
      this.#working === undefined &&
      again > cheap &&
      this.upTo - this.#savedUpTo > cheap / 5
    );
  }

  /** One at a time: who comes while somebody works waits for that, and looks again. */
  async work(work: () => Promise<void>): Promise<void> {
    if (this.#working) return this.#working;
    this.#working = work().finally(() => (this.#working = undefined));
    return this.#working;
  }

  /** Before it begins: the user has said this in the main timeline, and so has read what was there before. */
  hasSaid({ ord = 0, position }: StoredEvent): void {
    this.backlog.markRead(MAIN, ord);
    this.changedAt = position ?? (0 as Position);
  }

  /** From where everything has to be looked at that is in a thread, or after what has been read of the main timeline. */
  startAt(read: number): void {
    this.backlog.markRead(undefined, Math.max(read, this.#lastOrd - WINDOW));
    this.upTo = this.backlog.read;
    this.#main = this.backlog.readOf(MAIN);
    this.#last = this.counts;
    this.isStarted = true;
  }

  /** What has been written down, if it was by the same rules and is of any use. */
  restore({ upTo, rules, threads }: StoredBacklog): void {
    if (this.#fromScratch || rules !== this.digest || upTo <= this.upTo || upTo > this.#lastOrd) return;
    this.backlog.restore(threads);
    this.upTo = upTo;
    this.#savedUpTo = upTo;
    this.#restoredUpTo = upTo;
    this.#last = undefined; // nobody knows when that was
    // What is redacted from here on may be in any thread.
    this.#main = upTo;
  }

  /** Leaves behind what is out of sight. */
  slide(): void {
    this.backlog.markRead(undefined, this.#lastOrd - WINDOW);
    this.upTo = Math.max(this.upTo, this.#lastOrd - WINDOW);
  }

  /** Some have been counted before what is between them is looked at; nothing of it is behind `position`. */
  counted(position: number): void {
    if (this.#last !== this.counts) this.changedAt = Math.max(this.changedAt, position) as Position;
    this.#last = this.counts;
  }

  /** Everything up to a place has been looked at; the last event of it is at `position`. */
  reached(upTo: number, position: Position | undefined): void {
    this.upTo = Math.max(this.upTo, upTo);
    this.counted(position ?? 0);
    if (this.upTo < this.#lastOrd) return;
    if (!this.#before) return;
    if (isEqual(this.#before.counts, this.counts)) this.rulesAt = this.#before.rulesAt;
    this.#before = undefined;
  }

  /** Whether an event may have been looked at before it was redacted, as it was by what is at `redactedAt` and is looked at now. */
  hasSeen(ord: number, redactedAt: number): boolean {
    return ord <= this.#restoredUpTo || (redactedAt > this.#begunAt && ord <= this.upTo);
  }

  saved(upTo: number): void {
    this.#savedUpTo = upTo;
  }

  toStored(): UserInRoom & StoredBacklog {
    const { user, roomNid: room, upTo, digest, backlog } = this;
    return { user, room, upTo, rules: digest, threads: backlog.toStored() };
  }

  get #lastOrd(): number {
    return this.room.head?.lastOrd ?? 0;
  }
}

const isEqual = (one: UnreadCounts, other: UnreadCounts): boolean => textOf(one) === textOf(other);

const textOf = ({ main, threads }: UnreadCounts): string => JSON.stringify([main, [...threads].sort()]);

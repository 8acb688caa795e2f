import type { UserId } from '@holm/spec/ids';
import type { LRUCache } from 'lru-cache';
import { weighAgain } from '../../platform/at-most.ts';
import type { Background } from '../../platform/background.ts';
import type { IdleCaches } from '../../platform/idle-caches.ts';
import type { Committed } from '../../rooms/commit.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Database } from '../../storage/database.ts';
import type { Position } from '../../streams/stream.ts';
import type { UnreadCounts } from '../../core/push/unread-counts.ts';
import type { Receipt } from '../receipts/index.ts';
import { Judge } from './judge.service.ts';
import { Occasions } from './occasions.service.ts';
import { PlainCounts } from './plain-counts.service.ts';
import { RoomSizes } from './room-sizes.service.ts';
import { Stretches } from './stretches.service.ts';
import { Tally } from './tally.service.ts';
import { lastSaidIn, TallyStarts } from './tally-starts.service.ts';
import { unreadStore as store } from './unread.store.ts';
import { type AllUserRules, digestFor, type UserRules } from './user-rules.service.ts';

export interface UnreadDeps {
  readonly db: Database;
  readonly engine: RoomEngine;
  readonly rules: AllUserRules;
  readonly background: Background;
  readonly idle: IdleCaches;
  /** What takes no more events than this to find out again is not written down. */
  readonly cheap?: number;
  /** So many events are looked at one by one, plain or not. */
  readonly few?: number;
}

export interface Unread {
  readonly counts: UnreadCounts;
  /** By an event that is not older than this, or by a receipt, the counts have last changed. */
  readonly changedAt: Position;
  /** A position of the stream of account data: since then they have not changed by other rules. */
  readonly rulesAt: Position;
}

/** Places that are kept in memory in all; a tally without any counts as some. */
const KEPT_PLACES = 4_000_000;
const PLACES_PER_TALLY = 30;
/** Reading them is a page or three. */
const CHEAP = 500;
/** Two pages. */
const FEW = 400;
/** Rows that one statement writes. */
const BATCH = 500;

/**
 * What people have not read of what notifies them: https://spec.matrix.org/latest/client-server-api/#receiving-notifications
 *
 * Nothing is written when a message comes, and nothing is worked out for those who do not ask. Who asks gets what follows
 * from how far they have read, the room's timeline after that, and their rules: the same whenever it is asked for.
 */
export class UnreadEvents {
  readonly #deps: UnreadDeps;
  readonly #tallies: LRUCache<string, Tally>;
  readonly #starts: TallyStarts;
  readonly #stretches: Stretches;
  readonly #judge: Judge;
  readonly #plain: PlainCounts;

  constructor(deps: UnreadDeps) {
    const { db, engine, background } = deps;
    this.#deps = deps;
    this.#starts = new TallyStarts(db, engine);
    this.#stretches = new Stretches(db, engine.events);
    const occasions = new Occasions(engine, db, new RoomSizes(db, engine));
    this.#plain = new PlainCounts({ db, occasions, few: deps.few ?? FEW });
    this.#judge = new Judge(engine, occasions);
    this.#tallies = deps.idle.create<string, Tally>({
      maxSize: KEPT_PLACES,
      sizeCalculation: (tally) => PLACES_PER_TALLY + tally.backlog.size,
      dispose: (tally, _, reason) => {
        if ((reason === 'evict' || reason === 'expire') && this.#isDue(tally))
          background.run('keep what is unread', () => this.#save([tally]));
      },
    });
  }

  get judge(): Judge {
    return this.#judge;
  }

  /** As of now, for somebody who is in the room. */
  of(user: UserId, room: Room): Unread | Promise<Unread> {
    return this.atHand(user, room) ?? this.#tallyOf(user, room);
  }

  /** Looks up, once for all who follow the room, what of its newest events it takes to count them. */
  prepare(room: Room, events: readonly StoredEvent[]): Promise<void> {
    return this.#judge.prepare(room, events);
  }

  /** Whether an event has notified the user, and they have not read it. */
  async isUnread(user: UserId, room: Room, ord: number): Promise<boolean> {
    return (await this.#tallyOf(user, room)).backlog.has(ord);
  }

  /** People of ours have read on. */
  read(receipts: readonly Receipt[]): void {
    for (const { userId, roomNid, threadId, ord } of receipts) {
      if (ord !== undefined) this.#tallies.get(keyOf(userId, roomNid))?.backlog.markRead(threadId, ord);
    }
  }

  /** Who comes into a room, or goes, begins anew. */
  committed({ room, members, wholeSince }: Committed): void {
    // What a room that is known in full now has taken back, or given, may have been counted.
    if (wholeSince !== undefined) this.#forgetRoom(room);
    for (const { userId, server, membership, before } of members) {
      if (server !== this.#deps.engine.serverName || (membership === 'join' && before === 'join')) continue;
      this.#tallies.delete(keyOf(userId, room.nid));
    }
  }

  #forgetRoom({ nid }: Room): void {
    for (const [key, tally] of this.#tallies.entries()) if (tally.roomNid === nid) this.#tallies.delete(key);
  }

  /** Writes down what would be costly to find out again. */
  async save(): Promise<void> {
    const due = [...this.#tallies.values()].filter((tally) => this.#isDue(tally));
    for (let i = 0; i < due.length; i += BATCH) await this.#save(due.slice(i, i + BATCH));
  }

  #isDue(tally: Tally): boolean {
    return tally.isWorthKeeping(this.#deps.cheap ?? CHEAP);
  }

  async #save(tallies: readonly Tally[]): Promise<void> {
    const rows = tallies.map((tally) => tally.toStored());
    await store.save(this.#deps.db, rows);
    for (const [i, tally] of tallies.entries()) tally.saved(rows[i]?.upTo ?? 0);
  }

  /** As `of`, without waiting: for those whom an event wakes, once that has been prepared. */
  atHand(user: UserId, room: Room): Unread | undefined {
    const rules = this.#deps.rules.known(user);
    const tally = rules && this.#current(this.#tallies.get(keyOf(user, room.nid)), room, rules);
    if (!tally) return undefined;
    return tally.hasReached(room.head?.lastOrd ?? 0) || this.#countsNow(tally) ? tally : undefined;
  }

  async #tallyOf(user: UserId, room: Room): Promise<Tally> {
    const key = keyOf(user, room.nid);
    const wanted = room.head?.lastOrd ?? 0;
    for (;;) {
      const known = this.#tallies.get(key);
      const rules = this.#deps.rules.known(user) ?? (await this.#deps.rules.of(user));
      const current = this.#current(known, room, rules);
      if (current?.hasReached(wanted)) return current;
      const tally = this.#unlessOutdone(current) ?? this.#start(key, { user, room, rules, before: known });
      if (await this.#goesOn(tally)) return tally;
      await this.#work(key, tally);
      // What it takes in memory has changed. The rules, or the membership, may have meanwhile: look again.
      if (this.#tallies.get(key) === tally) weighAgain(this.#tallies, key);
    }
  }

  async #work(key: string, tally: Tally): Promise<void> {
    try {
      await tally.work(() => this.#bringUpToDate(tally));
    } catch (error) {
      if (this.#tallies.get(key) === tally) this.#tallies.delete(key);
      throw error;
    }
  }

  #current(tally: Tally | undefined, room: Room, rules: UserRules): Tally | undefined {
    if (!tally?.isOf(room) || tally.isSpoilt) return undefined;
    return tally.rules === rules || tally.digest === digestFor(rules, room.nid) ? tally : undefined;
  }

  /** Far behind what its user has said since, to begin there takes less than to go on. */
  #unlessOutdone(tally: Tally | undefined): Tally | undefined {
    if (!tally?.isIdle) return tally;
    const { room, user, upTo } = tally;
    const isFar = (room.head?.lastOrd ?? 0) - upTo > (this.#deps.few ?? FEW);
    return isFar && lastSaidIn(room, user) ? undefined : tally;
  }

  /** From here on, receipts are noted in it, be it that nobody knows yet where it begins. */
  #start(
    key: string,
    { user, room, rules, before }: { user: UserId; room: Room; rules: UserRules; before: Tally | undefined },
  ): Tally {
    const tally = new Tally({
      user,
      room,
      rules,
      before,
      fromScratch: before?.isSpoilt ?? false,
      rulesAt: this.#deps.rules.changedAt(user),
    });
    this.#tallies.set(key, tally);
    return tally;
  }

  /** The short way, for those who follow a room: all of them wait for the same, and then count at once. */
  async #goesOn(tally: Tally): Promise<boolean> {
    const { room } = tally;
    if (this.#countsNow(tally)) return true;
    const following = tally.isIdle ? this.#stretches.atHand(room, tally.upTo) : undefined;
    if (following) await this.#judge.prepare(room, following.events);
    return this.#countsNow(tally);
  }

  #countsNow(tally: Tally): boolean {
    if (!tally.isIdle) return false;
    const following = this.#stretches.atHand(tally.room, tally.upTo);
    if (!following || !this.#judge.countNow(tally, following.events)) return false;
    tally.slide();
    tally.reached(following.upTo, following.events.at(-1)?.position);
    const key = keyOf(tally.user, tally.roomNid);
    // What it takes in memory is looked at now and then.
    if (tally.backlog.size % 64 === 63 && this.#tallies.peek(key) === tally) weighAgain(this.#tallies, key);
    return true;
  }

  async #bringUpToDate(tally: Tally): Promise<void> {
    const { room } = tally;
    if (!tally.isStarted) await this.#starts.start(tally);
    tally.slide();
    const counted = this.#stretches.atHand(room, tally.upTo) ? undefined : await this.#plain.count(tally);
    while (!tally.isSpoilt && !tally.hasReached(room.head?.lastOrd ?? 0)) {
      tally.slide();
      const following =
        this.#stretches.atHand(room, tally.upTo) ?? (await this.#stretches.read(room, { ...tally.wanted, counted }));
      await this.#judge.count(tally, following.events);
      tally.reached(following.upTo, following.events.at(-1)?.position);
    }
  }
}

const keyOf = (user: UserId, room: number): string => `${room} ${user}`;

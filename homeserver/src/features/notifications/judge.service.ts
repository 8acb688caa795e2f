import { profileOf } from '../../core/events/content.ts';
import { evaluate, type Verdict } from '../../core/push/evaluate.ts';
import type { UserId } from '@holm/spec/ids';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Occasion, Occasions } from './occasions.service.ts';
import type { Tally } from './tally.service.ts';
import { MAX_SPEAKING, type Speaking } from './unread.store.ts';
import type { UserRules } from './user-rules.service.ts';

/** Whose rules are asked, and about which room. */
export interface Addressee {
  readonly user: UserId;
  readonly room: Room;
  readonly rules: UserRules;
}

export interface Notifying {
  readonly stored: StoredEvent;
  readonly occasion: Occasion;
  readonly verdict: Verdict;
}

/** Decides what notifies whom. */
export class Judge {
  readonly #engine: RoomEngine;
  readonly #occasions: Occasions;

  constructor(engine: RoomEngine, occasions: Occasions) {
    this.#engine = engine;
    this.#occasions = occasions;
  }

  /**
   * As `count`, without waiting: for the many who follow a room. False, and nothing is done, where something has to be
   * looked up; mostly the first of them has done that for all.
   */
  countNow(tally: Tally, events: readonly StoredEvent[]): boolean {
    const occasions = this.#occasions.known(events);
    if (!occasions || tally.rules.compiled.needsDisplayName) return false;
    if (!occasions.every(({ isOpen }, i) => isOpen && events[i]?.event.type !== 'm.room.redaction')) return false;
    for (const [i, occasion] of occasions.entries()) this.#take(tally, events[i], occasion);
    return true;
  }

  /** Looks up, once for all who follow the room, what `countNow` needs. */
  async prepare(room: Room, events: readonly StoredEvent[]): Promise<void> {
    if (!this.#occasions.known(events)) await this.#occasions.of(room, events);
  }

  #take({ user, room, rules, backlog }: Tally, stored: StoredEvent | undefined, occasion: Occasion): void {
    if (!stored) return;
    const { ord = 0, event } = stored;
    if (isSaidBy(user, stored)) backlog.markRead(occasion.thread, ord);
    if (!mayConcern(user, stored) || rules.ignored.has(event.sender)) return;
    const { needsThreads } = rules.compiled;
    const around = needsThreads ? { ...occasion, subscribed: rules.subscribed.get(room.nid) } : occasion;
    const verdict = evaluate(rules.compiled, occasion.push, around);
    if (verdict?.notify) backlog.add(occasion.thread, ord, verdict.highlight);
  }

  /** Takes in what comes next in a room's timeline. */
  async count(tally: Tally, events: readonly StoredEvent[]): Promise<void> {
    const { user, room, backlog } = tally;
    await this.#redact(tally, events);
    for (const { stored, occasion, verdict } of await this.notifying(tally, events)) {
      backlog.add(occasion.thread, stored.ord ?? 0, verdict.highlight);
    }
    // Whoever says something has read what was said before, there: https://spec.matrix.org/latest/client-server-api/#marking-notifications-as-read
    const own = events.filter((stored) => isSaidBy(user, stored));
    if (own.length === 0) return;
    const occasions = this.#occasions.known(own) ?? (await this.#occasions.of(room, own));
    for (const [i, { thread }] of occasions.entries()) backlog.markRead(thread, own[i]?.ord ?? 0);
  }

  /** Those of `events` that notify somebody who is in the room, in their order. */
  async notifying({ user, room, rules }: Addressee, events: readonly StoredEvent[]): Promise<readonly Notifying[]> {
    const others = events.filter((stored) => mayConcern(user, stored) && !rules.ignored.has(stored.event.sender));
    if (others.length === 0) return [];
    const occasions = this.#occasions.known(others) ?? (await this.#occasions.of(room, others));
    const notifying: Notifying[] = [];
    const subscribed = rules.subscribed.get(room.nid);
    for (const [i, stored] of others.entries()) {
      const occasion = occasions[i];
      if (!occasion) continue;
      const name = rules.compiled.needsDisplayName ? await this.#displayName(user, room, stored) : undefined;
      const verdict = evaluate(rules.compiled, occasion.push, { ...occasion, displayName: name, subscribed });
      if (verdict?.notify) notifying.push({ stored, occasion, verdict });
    }
    return this.#visible(user, room, notifying);
  }

  /** On a fork that somebody was not in the room of, there may be what they must not see. */
  async #visible(user: UserId, room: Room, notifying: readonly Notifying[]): Promise<readonly Notifying[]> {
    const hidden = notifying.filter(({ occasion }) => !occasion.isOpen).map(({ stored }) => stored);
    if (hidden.length === 0) return notifying;
    const seen = new Set(await this.#engine.visible.toUser(user, room, hidden));
    return notifying.filter(({ occasion, stored }) => occasion.isOpen || seen.has(stored));
  }

  async #redact(tally: Tally, events: readonly StoredEvent[]): Promise<void> {
    const redactions = new Map(
      events.flatMap(({ event: { type, redacts }, ord = 0 }) =>
        type === 'm.room.redaction' && redacts !== undefined ? [[redacts, ord] as const] : [],
      ),
    );
    if (redactions.size === 0) return;
    for (const stored of (await this.#engine.events.byIds([...redactions.keys()])).values()) {
      const { roomNid, redactedBy, ord, event } = stored;
      if (roomNid !== tally.roomNid || redactedBy === undefined || ord === undefined) continue;
      tally.backlog.remove(ord);
      const at = redactions.get(event.eventId) ?? 0;
      if (!tally.hasSeen(ord, at)) continue;
      // Nobody knows any more which thread it was in: what it has read there, or what was there for speaking of it.
      const isOwn = event.sender === tally.user;
      if (isOwn || mayHaveMoved(tally, await this.#occasions.movedWith(stored), at)) tally.isSpoilt = true;
    }
  }

  async #displayName(user: UserId, room: Room, { snapshot }: StoredEvent): Promise<string | undefined> {
    if (snapshot === undefined) return undefined;
    const member = await this.#engine.states.get(room, snapshot, ['m.room.member', user]);
    return member && profileOf(member.event.content).displayName;
  }
}

/** Whether one of these counts otherwise now than it has been counted. */
const mayHaveMoved = (tally: Tally, moved: readonly Speaking[], redactedAt: number): boolean =>
  moved.length >= MAX_SPEAKING ||
  moved.some(({ ord, sender, isQuiet }) => {
    if (!tally.hasSeen(ord, redactedAt)) return false;
    return sender === tally.user || !((isQuiet && tally.rules.isStandard) || tally.backlog.isSettled(ord));
  });

const mayConcern = (user: UserId, { status, redactedBy, event }: StoredEvent): boolean =>
  status === 'accepted' && redactedBy === undefined && event.sender !== user;

/** State is set for many reasons, and a redaction can be made without having read anything. */
export const isSaidBy = (user: UserId, { status, redactedBy, event }: StoredEvent): boolean =>
  event.sender === user &&
  status === 'accepted' &&
  redactedBy === undefined &&
  event.stateKey === undefined &&
  event.type !== 'm.room.redaction';

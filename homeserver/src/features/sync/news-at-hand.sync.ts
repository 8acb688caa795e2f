import type { UserId } from '@holm/spec/ids';
import { isState } from '../../core/events/event.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { ReadonlyMemberships } from '../../rooms/members/memberships.ts';
import type { Member, RoomNid } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Readers } from '../../rooms/timeline/readers.ts';
import type { Position } from '../../streams/stream.ts';
import { isSilent, type Reader, type SyncPart } from '../../streams/sync-part.ts';
import type { UnreadEvents } from '../notifications/index.ts';
import { eventsOf, fieldsOf, type JsonText } from './json-text.ts';
import { isPlain } from './joined-rooms.sync.ts';
import type { LazyMembers } from './lazy-members.sync.ts';
import { isSameForAll, type Stretch, type Timelines, timelineText } from './timelines.sync.ts';
import { isCountNews, unreadTexts } from './unread.sync.ts';
import type { Positions, StateField, Told, View } from './view.sync.ts';

export interface NewsAtHandDeps {
  readonly engine: RoomEngine;
  readonly readers: Readers;
  readonly timelines: Timelines;
  readonly lazyMembers: LazyMembers;
  readonly unread: Pick<UnreadEvents, 'atHand' | 'prepare'>;
  readonly parts: readonly SyncPart[];
}

/** A view of somebody who goes on from a token. */
type Onward = View & { readonly after: Position };

/** What has settled does not change any more: while something of it is looked up, this stays right. */
export interface Followed {
  readonly view: Onward;
  readonly upTo: Positions;
  readonly rooms: readonly { readonly room: Room; readonly member: Member }[];
}

/** What was prepared of a room last, and for whom. */
type Preparing = Pick<View, 'filter' | 'after' | 'upTo'> & { readonly done: Promise<void> };

const START = 0 as Position;
/** Of a room that turns out to have no news. */
const NO_NEWS = '';

/**
 * News without waiting, for the many whom a message wakes: none, or what was said in rooms that they have been in all the
 * time. That is the same for all of them but for their counts, so it is put into words once. Whatever is less usual, or
 * has to be looked up, is left to `Responses`, which would come to the same.
 */
export class NewsAtHand {
  readonly #deps: NewsAtHandDeps;
  readonly #preparing = new WeakMap<Room, Preparing>();
  readonly #texts = new WeakMap<Stretch, Map<StateField, JsonText>>();

  constructor(deps: NewsAtHandDeps) {
    this.#deps = deps;
  }

  /** The rooms in whose timelines something may have happened, if nothing else can be news: undefined where it can. */
  followed(view: View, positions: Positions | undefined, upTo: Positions): Followed | undefined {
    const { userRooms, roomChanges, departures } = this.#deps.engine;
    const members = userRooms.atHand(view.viewer.userId);
    if (!members || !positions || !isOnward(view) || !isSameForAll(view.filter)) return undefined;
    if (members.newest > view.after || departures.hasAnySince(view.after)) return undefined;
    const timeline = { after: view.after, upTo: view.upTo };
    if (!this.#areSilent({ ...view.viewer, rooms: () => members.joined, timeline }, positions, upTo)) return undefined;
    // Who is in few rooms may have heard nothing of more messages than that.
    const rooms = this.#roomsOf(view, members, roomChanges.among(members, view.after) ?? members.keys());
    return rooms && { view, upTo, rooms };
  }

  /** What is new in them; undefined where that takes more than is at hand. */
  tell({ view, upTo, rooms }: Followed): Told | undefined {
    const texts: JsonText[] = [];
    for (const { room, member } of rooms) {
      const text = this.#section(view, room, member);
      if (text === undefined) return undefined;
      if (text !== NO_NEWS) texts.push(`${JSON.stringify(room.roomId)}:${text}`);
    }
    return { text: texts.length === 0 ? undefined : `"rooms":{"join":{${texts.join(',')}}}`, reached: upTo };
  }

  /** What those whom the same event wakes wait for together, and find at hand then. */
  async prepare({ view, rooms }: Followed): Promise<void> {
    for (const { room } of rooms) await this.#prepareRoom(room, view);
  }

  #prepareRoom(room: Room, { filter, after, upTo }: View): Promise<void> {
    const last = this.#preparing.get(room);
    if (last?.filter === filter && last.after === after && last.upTo === upTo) return last.done;
    const done = this.#makeReady(room, { filter, after, upTo });
    this.#preparing.set(room, { filter, after, upTo, done });
    done.catch(() => this.#preparing.delete(room)); // whoever waits for it hears of it, too
    return done;
  }

  async #makeReady(room: Room, { filter, ...window }: Pick<View, 'filter' | 'after' | 'upTo'>): Promise<void> {
    const { timelines, unread } = this.#deps;
    const { events } = await timelines.get(room, window, filter);
    await unread.prepare(room, events);
  }

  #roomsOf(view: Onward, members: ReadonlyMemberships, nids: Iterable<RoomNid>): Followed['rooms'] | undefined {
    const followed: { room: Room; member: Member }[] = [];
    for (const nid of nids) {
      const member = members.get(nid);
      if (member?.membership !== 'join' || !this.#deps.engine.roomChanges.mayHaveChanged(nid, view.after)) continue;
      const room = this.#unchanged(view, member);
      if (!room) return undefined;
      if (this.#isShown(view, room)) followed.push({ room, member });
    }
    return followed;
  }

  #areSilent(reader: Reader, after: Positions, upTo: Positions): boolean {
    return this.#deps.parts.every((part, i) => {
      const range = { after: after[i + 1] ?? START, upTo: upTo[i + 1] ?? START };
      return part.isOfSliding === true || isSilent(part, reader, range);
    });
  }

  /** The room, if nothing of its state has changed, nor says anything else. */
  #unchanged({ after }: Onward, { roomNid }: Member): Room | undefined {
    const room = this.#deps.engine.rooms.atHand(roomNid);
    if (!room?.head || this.#deps.engine.stateRedactions.mayBeAny(roomNid, after)) return undefined;
    return room.stateLog.isStillSince(after) ? room : undefined;
  }

  #isShown({ filter }: View, { roomId }: Room): boolean {
    return filter.room.room(roomId) && !this.#deps.engine.holds.isHidden(roomId);
  }

  #section(view: Onward, room: Room, member: Member): JsonText | undefined {
    const { engine, timelines, unread: counter } = this.#deps;
    const stretch = timelines.atHand(room, view, view.filter);
    if (!stretch || stretch.limited || !this.#isSaidToAll(view, room, { stretch, member })) return undefined;
    if (engine.sticky.between(room.nid, view.after, view.upTo).length > 0) return undefined;
    const unread = counter.atHand(view.viewer.userId, room);
    if (!unread) return undefined;
    const isNews = stretch.events.length > 0 || isCountNews(unread, view, { news: undefined, rulesSince: undefined });
    return isNews ? `{${this.#textOf(stretch, view)},${fieldsOf(unreadTexts(unread.counts, view))}}` : NO_NEWS;
  }

  /** Whether this reader is told of a stretch what all are, and nothing more. */
  #isSaidToAll(
    view: Onward,
    room: Room,
    { stretch, member }: { readonly stretch: Stretch; readonly member: Member },
  ): boolean {
    const { events, senders } = stretch;
    if (events.length === 0) return true;
    if (!isPlain(stretch, member) || senders.has(view.viewer.userId)) return false;
    if (events.some(({ event }) => isState(event))) return false;
    const ignored = this.#deps.readers.ignoredBy(view.viewer.userId);
    if (ignored instanceof Promise || !senders.isDisjointFrom(ignored)) return false;
    return this.#areKnown(view, room, senders);
  }

  /** Whether the reader needs no members to make sense of it. */
  #areKnown({ filter, viewer, after }: Onward, { nid }: Room, senders: ReadonlySet<UserId>): boolean {
    const { lazyLoadMembers, includeRedundantMembers } = filter.room.state;
    if (!lazyLoadMembers) return true;
    const isKnown = this.#deps.lazyMembers.knows(viewer, nid, after);
    return !includeRedundantMembers && [...senders].every(isKnown);
  }

  #textOf(stretch: Stretch, { stateField }: View): JsonText {
    const texts = this.#texts.get(stretch) ?? new Map<StateField, JsonText>();
    this.#texts.set(stretch, texts);
    const known = texts.get(stateField);
    if (known !== undefined) return known;
    const text = fieldsOf({
      [stateField]: eventsOf([]),
      timeline: timelineText(stretch.text, stretch),
      ephemeral: eventsOf([]),
      account_data: eventsOf([]),
    });
    texts.set(stateField, text);
    return text;
  }
}

const isOnward = (view: View): view is Onward => view.after !== undefined && !view.fullState;

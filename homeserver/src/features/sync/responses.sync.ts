import type { RoomEngine } from '../../rooms/engine.ts';
import type { ReadonlyMemberships } from '../../rooms/members/memberships.ts';
import type { Member, RoomNid } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Readers } from '../../rooms/timeline/readers.ts';
import { Slots } from '../../platform/slots.ts';
import { warmKeys } from '../../rooms/state/room-keys.ts';
import type { IdleCaches } from '../../platform/idle-caches.ts';
import type { Database } from '../../storage/database.ts';
import type { Position } from '../../streams/stream.ts';
import {
  isSilent,
  type DeviceListNews,
  type KeyCounts,
  type News,
  type Reader,
  type RoomNews,
  type SyncPart,
} from '../../streams/sync-part.ts';
import { ConcernedRooms, type NewsOfRooms } from './concerned-rooms.sync.ts';
import { GoneRooms } from './gone-rooms.sync.ts';
import { InvitedRooms } from './invited-rooms.sync.ts';
import { JoinedRooms } from './joined-rooms.sync.ts';
import { type JsonText, fieldsOf } from './json-text.ts';
import { LazyMembers } from './lazy-members.sync.ts';
import { LeftRooms } from './left-rooms.sync.ts';
import { type Hearing, LongAnswers } from './long-answers.sync.ts';
import { looseSections } from './loose-events.sync.ts';
import { mergeRooms } from './merged-news.sync.ts';
import { type Followed, NewsAtHand } from './news-at-hand.sync.ts';
import { isInviteBy, sectionOf, sectionsText, type ToldRoom, type UnwelcomeInviters } from './sections.ts';
import { SettledPlace } from './settled-place.sync.ts';
import { memberAt } from './standing.sync.ts';
import { StateDeltas } from './state-deltas.sync.ts';
import { Summaries } from './summaries.sync.ts';
import { Timelines, wantedEvents } from './timelines.sync.ts';
import type { Positions, Told, View } from './view.sync.ts';
import type { UnreadEvents } from '../notifications/index.ts';

export interface ResponsesDeps {
  readonly db: Database;
  readonly engine: RoomEngine;
  readonly readers: Readers;
  readonly unwelcomeInviters: UnwelcomeInviters;
  readonly idle: IdleCaches;
  readonly unread: Pick<UnreadEvents, 'of' | 'atHand' | 'prepare'>;
  /** Beside the rooms' events. Their order is that of the positions in tokens: append, never reorder. */
  readonly parts: readonly SyncPart[];
}

const START = 0 as Position;
/** Large rooms of which all members are told at the same time: of the others only the text need be held. */
const LARGE_AT_ONCE = 10;
/** In keys of its state. */
const LARGE = 200;

/** What one response shows, and who is to hear it. */
type HeardView = View & Hearing;

/** An answer to a sync, of whichever dialect. */
export interface Answer {
  /** Where the next one goes on. */
  readonly pos: string;
  readonly text: JsonText;
}

/** What is known when a room is to be told of. */
interface Surroundings extends NewsOfRooms {
  readonly rooms: ReadonlyMap<RoomNid, Room>;
}

/** Computes the answers to syncs. */
export class Responses {
  readonly summaries: Summaries;
  readonly place: SettledPlace;
  readonly #deps: ResponsesDeps;
  readonly #joined: JoinedRooms;
  readonly #left: LeftRooms;
  readonly #invited: InvitedRooms;
  readonly #gone: GoneRooms;
  readonly #concerned: ConcernedRooms;
  readonly #atHand: NewsAtHand;
  /** The parts that want to know how far clients have come, with the places of their positions. */
  readonly #acknowledged: readonly { readonly part: SyncPart; readonly number: number }[];
  readonly #withCounts: SyncPart | undefined;
  /** Of whichever dialect. */
  readonly long = new LongAnswers();

  constructor(deps: ResponsesDeps) {
    const { db, engine, readers, unread, parts, idle } = deps;
    this.#deps = deps;
    this.place = new SettledPlace([engine.stream, ...parts.map(({ stream }) => stream)]);
    this.#acknowledged = parts.flatMap((part, i) => (part.acknowledge ? [{ part, number: i + 1 }] : []));
    this.#withCounts = parts.find((part) => part.keyCounts !== undefined);
    const timelines = new Timelines(engine);
    const deltas = new StateDeltas(engine);
    this.summaries = new Summaries(db, engine);
    this.#left = new LeftRooms({ engine, readers, timelines, deltas });
    this.#invited = new InvitedRooms(db, engine);
    this.#gone = new GoneRooms(engine, deps.unwelcomeInviters);
    this.#concerned = new ConcernedRooms(engine);
    const lazyMembers = new LazyMembers(idle);
    const { summaries } = this;
    this.#joined = new JoinedRooms({ engine, readers, timelines, deltas, summaries, lazyMembers, unread });
    this.#atHand = new NewsAtHand({ engine, readers, timelines, lazyMembers, unread, parts });
  }

  /** What there is to tell, and how far that goes. */
  news(view: HeardView, after: Positions | undefined, upTo: Positions): Told | Promise<Told> {
    // Up to date: there is one array for all who have come as far.
    if (after === upTo && !view.fullState) return { text: undefined, reached: upTo };
    const followed = this.#atHand.followed(view, after, upTo);
    if (!followed) return this.lookedUp(view, after, upTo);
    return this.#atHand.tell(followed) ?? this.#prepared(followed, () => this.lookedUp(view, after, upTo));
  }

  async #prepared(followed: Followed, lookedUp: () => Promise<Told>): Promise<Told> {
    await this.#atHand.prepare(followed);
    return this.#atHand.tell(followed) ?? lookedUp();
  }

  /** As `news`, whatever is at hand. */
  async lookedUp(view: HeardView, after: Positions | undefined, upTo: Positions): Promise<Told> {
    const members = await this.#deps.engine.userRooms.of(view.viewer.userId);
    const byPart = await this.#partsOf(view, { members, after, upTo });
    const news = byPart.filter((one) => one !== undefined);
    const rooms = await this.#rooms(view, members, news);
    const loose = looseSections(view.filter, news);
    const isEmpty = rooms === undefined && Object.keys(loose).length === 0 && !news.some(({ keyCounts }) => keyCounts);
    return {
      text: isEmpty ? undefined : fieldsOf({ ...loose, rooms }),
      reached: upTo.map((position, i) => byPart[i - 1]?.reached ?? position),
    };
  }

  /** A client that goes on from a token has got everything before it. */
  acknowledge({ viewer }: Pick<View, 'viewer'>, positions: Positions): Promise<void> | undefined {
    const work: Promise<void>[] = [];
    for (const { part, number } of this.#acknowledged) {
      const position = positions[number];
      const done = position === undefined ? undefined : part.acknowledge?.(viewer, position);
      if (done) work.push(done);
    }
    return work.length === 0 ? undefined : Promise.all(work).then(() => undefined);
  }

  /** Whose keys changed in a stretch of the streams. */
  async deviceLists(viewer: View['viewer'], after: Positions, upTo: Positions): Promise<DeviceListNews> {
    const members = await this.#deps.engine.userRooms.of(viewer.userId);
    const news = await this.#partsOf({ viewer }, { members, after, upTo });
    return news.find((part) => part?.deviceLists)?.deviceLists ?? { changed: [], left: [] };
  }

  /** The whole answer. */
  async answer({ viewer }: Pick<View, 'viewer'>, { text, reached }: Told): Promise<Answer> {
    const counts = await this.#withCounts?.keyCounts?.(viewer);
    const pos = this.place.tokenOf(reached);
    const nextBatch = `{"next_batch":"${pos}"${countsText(counts)}`;
    return { pos, text: text === undefined || text === '' ? `${nextBatch}}` : `${nextBatch},${text}}` };
  }

  async #partsOf(
    { viewer }: Pick<View, 'viewer'>,
    { members, after, upTo }: { members: ReadonlyMemberships; after: Positions | undefined; upTo: Positions },
  ): Promise<(News | undefined)[]> {
    const { parts } = this.#deps;
    const timeline = { after: after?.[0] ?? START, upTo: upTo[0] ?? START };
    const reader: Reader = { ...viewer, rooms: () => members.joined, timeline };
    const asked = parts.map((part, i) => {
      const range = { after: after?.[i + 1] ?? START, upTo: upTo[i + 1] ?? START };
      const hasNone = part.isOfSliding === true || (after !== undefined && isSilent(part, reader, range));
      return hasNone ? undefined : part.news(reader, range);
    });
    return asked.some((one) => one !== undefined) ? Promise.all(asked.map(async (one) => one)) : [];
  }

  async #rooms(view: HeardView, members: ReadonlyMemberships, news: readonly News[]): Promise<JsonText | undefined> {
    const roomNews = mergeRooms(news);
    const rulesSince = news.find((one) => one.rulesSince !== undefined)?.rulesSince;
    const gone = await this.#gone.told(view, members);
    const concerned = await this.#concerned.of(view, members, { roomNews, rulesSince });
    if (concerned.length === 0) return sectionsText(gone);
    const told = await this.long.make(concerned.length, view, () =>
      this.#toldOf(view, concerned, { roomNews, rulesSince }),
    );
    return sectionsText([...told, ...gone]);
  }

  async #toldOf(view: View, concerned: readonly Member[], news: NewsOfRooms): Promise<ToldRoom[]> {
    const rooms = await this.#deps.engine.rooms.byNids(concerned.map(({ roomNid }) => roomNid));
    if (concerned.length > 1) await this.#warm(view, concerned, rooms);
    const [slots, isWhole] = [new Slots(LARGE_AT_ONCE), hasAllMembers(view)];
    const told = await Promise.all(
      concerned.map((member) => {
        const tell = () => this.#tell(view, member, { rooms, ...news });
        return isWhole && isLarge(rooms.get(member.roomNid)) ? slots.run(tell) : tell();
      }),
    );
    return told.filter((one) => one !== undefined);
  }

  /** Loads what many rooms need with a query for all of them. */
  async #warm(view: View, concerned: readonly Member[], rooms: ReadonlyMap<RoomNid, Room>): Promise<void> {
    const { upTo } = view;
    const { timeline, stateLogs } = this.#deps.engine;
    const joined = concerned.flatMap(({ membership, roomNid }) => {
      const room = membership === 'join' ? rooms.get(roomNid) : undefined;
      return room ? [room] : [];
    });
    await Promise.all([
      timeline.warm(joined, wantedEvents(view.filter)),
      stateLogs.warm(joined, upTo),
      warmKeys(joined),
      view.after === undefined && this.summaries.warm(joined),
    ]);
  }

  async #tell(
    view: View,
    current: Member,
    { rooms, roomNews, rulesSince }: Surroundings,
  ): Promise<ToldRoom | undefined> {
    const room = rooms.get(current.roomNid);
    const member = await memberAt(this.#deps.engine.events, current, view.upTo);
    if (!room || !member || !this.#isShown(view, room)) return undefined;
    const isSilent = !roomNews.has(room.roomId) && rulesSince === undefined;
    if (isSilent && !this.#concerned.mayHaveChanged(view, current)) return undefined;
    const about = { room, member, news: roomNews.get(room.roomId), rulesSince };
    const section = sectionOf(member);
    const isUnwelcome = await this.#isUnwelcome(view, member);
    const text = await (isUnwelcome ? this.#left.beforeInvite(view, room, about) : this.#section(view, about));
    return text === undefined ? undefined : [isUnwelcome ? 'leave' : section, room.roomId, text];
  }

  #isShown({ filter }: View, { roomId }: Room): boolean {
    return filter.room.room(roomId) && !this.#deps.engine.holds.isHidden(roomId);
  }

  async #section(
    view: View,
    {
      room,
      member,
      news,
      rulesSince,
    }: Pick<Surroundings, 'rulesSince'> & { room: Room; member: Member; news: RoomNews | undefined },
  ): Promise<JsonText | undefined> {
    if (member.membership === 'join') {
      if (!room.head) return undefined;
      const isNew = await this.#joined.isNew(view, member);
      return this.#joined.section(view, room, {
        member,
        isNew,
        rulesSince,
        news: await this.#roomNews(view, room, { isNew, news }),
      });
    }
    if (view.after !== undefined && member.position <= view.after) return undefined;
    if (sectionOf(member) === 'leave') return this.#left.section(view, room, { member, news });
    return this.#invited.section(view, room, member);
  }

  async #isUnwelcome({ viewer }: View, member: Member): Promise<boolean> {
    return member.membership === 'invite' && isInviteBy(member, await this.#deps.unwelcomeInviters(viewer.userId));
  }

  /** Of a room that is new to its reader, everything is news. */
  async #roomNews(
    view: View,
    room: Room,
    { isNew, news }: { isNew: boolean; news: RoomNews | undefined },
  ): Promise<RoomNews | undefined> {
    if (!isNew || view.after === undefined) return news;
    const reader: Reader = {
      ...view.viewer,
      rooms: () => new Set([room.nid]),
      timeline: { after: START, upTo: view.upTo },
      again: true, // who comes back may have heard of the room before
    };
    const parts = this.#deps.parts.filter(({ isOfDevice }) => isOfDevice !== true);
    const all = await Promise.all(parts.map((part) => part.news(reader, { after: START, upTo: part.stream.settled })));
    return mergeRooms(all).get(room.roomId);
  }
}

const hasAllMembers = ({ after, fullState, filter }: View): boolean =>
  (after === undefined || fullState) && !filter.room.state.lazyLoadMembers;

const isLarge = (room: Room | undefined): boolean => (room?.head?.nextKey ?? 0) > LARGE;

/** Clients take what is left out for zero, so each answer says it. */
const countsText = (counts: KeyCounts | undefined): string =>
  counts === undefined
    ? ''
    : `,"device_one_time_keys_count":${JSON.stringify(counts.oneTime)}` +
      `,"device_unused_fallback_key_types":${JSON.stringify(counts.unusedFallback)}`;

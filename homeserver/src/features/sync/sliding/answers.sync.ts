import { MatrixError } from '@holm/spec/errors';
import type { RoomId, UserId } from '@holm/spec/ids';
import type { RoomEngine } from '../../../rooms/engine.ts';
import type { Member, RoomNid } from '../../../rooms/model.ts';
import type { Room } from '../../../rooms/room.ts';
import { warmKeys } from '../../../rooms/state/room-keys.ts';
import type { Database } from '../../../storage/database.ts';
import type { Position } from '../../../streams/stream.ts';
import { hasStayed, memberAt } from '../standing.sync.ts';
import type { Summaries } from '../summaries.sync.ts';
import { wantedEvents } from '../timelines.sync.ts';
import { type Connection, type Scopes, type Standing, type Told, toldUpTo } from './connection.ts';
import type { CoveredRoom, ListWindow } from './cover.ts';
import type { ExtensionParts, ExtensionsAnswer } from './extensions.sync.ts';
import type { Following, Followings } from './following.service.ts';
import type { OutsideViews } from './outside-views.sync.ts';
import type { RoomConfig, Scope, ScopedExtension, SlidingRequest } from './request.ts';
import type { RoomAnswer } from './room-answer.ts';
import { type Known, limitFilter, type RoomViews, type RoomView } from './room-views.sync.ts';
import { ScopedRooms } from './scoped-rooms.ts';
import type { StickyExtension } from './sticky-extension.sync.ts';

export type Positions = readonly Position[];

export interface AnswersDeps {
  readonly db: Database;
  readonly engine: RoomEngine;
  readonly followings: Followings;
  readonly views: RoomViews;
  readonly outside: OutsideViews;
  readonly summaries: Summaries;
  readonly extensions: ExtensionParts;
  readonly sticky: StickyExtension;
}

/** What an answer builds on. */
export interface Base {
  readonly connection: Connection;
  /** Absent for the first answer. */
  readonly after: Positions | undefined;
}

export interface ToldRoom extends RoomAnswer {
  readonly lists: readonly string[];
}

export interface Answer {
  readonly lists: ReadonlyMap<string, ListWindow>;
  readonly rooms: ReadonlyMap<RoomId, ToldRoom>;
  readonly extensions: ExtensionsAnswer;
}

/** An answer, and what its arrival would mean. */
export interface Draft {
  readonly answer: Answer;
  readonly isNews: boolean;
  readonly reached: Positions;
  readonly told: ReadonlyMap<RoomNid, Told>;
  readonly members: ReadonlyMap<RoomNid, readonly UserId[]>;
  readonly scopes: Scopes;
  /** To be told when a state of the connection says what this answer told of rooms. */
  readonly settle: (gen: number) => void;
}

const START = 0 as Position;
const SCOPED: readonly ScopedExtension[] = ['accountData', 'receipts', 'typing'];

interface Asked {
  readonly base: Base;
  readonly request: SlidingRequest;
  readonly upTo: Positions;
  readonly following: Following;
  /** Rooms that may have something to tell: all that are asked for, or those that changed. */
  readonly candidates: ReadonlyMap<RoomNid, CoveredRoom>;
}

type Read = ReadonlySet<string>;

/** Computes answers of sliding sync. */
export class Answers {
  readonly #deps: AnswersDeps;

  constructor(deps: AnswersDeps) {
    this.#deps = deps;
  }

  async draft(request: SlidingRequest, base: Base, upTo: Positions): Promise<Draft> {
    const following = await this.#deps.followings.of(request.viewer.userId, request, base.connection);
    const asked = { request, base, upTo, following, candidates: this.#candidates(base, following) };
    const extensions = await this.#extensions(asked);
    const candidates = withRead(asked, extensions.read);
    const views = await this.#views({ ...asked, candidates }, extensions.read);
    const rooms = new Map<RoomId, ToldRoom>();
    for (const [nid, { answer }] of views) {
      const room = candidates.get(nid);
      if (room) rooms.set(room.listed.card.roomId, { ...answer, lists: room.lists });
    }
    const stickyEvents = await this.#sticky(asked, views);
    const isStickyNews = stickyEvents !== undefined && stickyEvents.rooms.size > 0;
    return {
      answer: { lists: following.windows, rooms, extensions: { ...extensions.answer, stickyEvents } },
      isNews: base.after === undefined || rooms.size > 0 || extensions.isNews || isStickyNews,
      reached: [upTo[0] ?? START, ...extensions.reached],
      told: told({ ...asked, candidates }, views),
      members: new Map([...views].map(([nid, { members }]) => [nid, members] as const).filter(([, m]) => m.length > 0)),
      scopes: extensions.scopes,
      settle: following.settle,
    };
  }

  /** Where the connection is told of just the rooms that are asked for, only those that changed need be looked at. */
  #candidates({ after }: Base, { rules, roster, isSettled }: Following): Map<RoomNid, CoveredRoom> {
    const changed = isSettled && after ? this.#deps.engine.roomChanges.among(rules, after[0] ?? START) : undefined;
    const candidates = new Map<RoomNid, CoveredRoom>();
    for (const nid of changed ?? rules.keys()) {
      const [listed, rule] = [roster.get(nid), rules.get(nid)];
      if (listed && rule) candidates.set(nid, { listed, ...rule });
    }
    return candidates;
  }

  async #views(asked: Asked, read: Read): Promise<Map<RoomNid, RoomView>> {
    const { rooms } = this.#deps.engine;
    const concerned = [...asked.candidates].filter(([nid, room]) => isConcerned(asked, { nid, room, read }));
    if (concerned.length === 0) return new Map();
    const found = await rooms.byNids(concerned.map(([nid]) => nid));
    if (concerned.length > 1)
      await this.#warm(
        asked,
        concerned.map(([, room]) => room),
        found,
      );
    const views = await Promise.all(
      concerned.map(async ([nid, covered]) => {
        const room = found.get(nid);
        return [nid, room && (await this.#view(asked, room, { covered, read }))] as const;
      }),
    );
    return new Map(views.flatMap(([nid, view]) => (view ? [[nid, view] as const] : [])));
  }

  async #view(
    asked: Asked,
    room: Room,
    { covered, read }: { readonly covered: CoveredRoom; readonly read: Read },
  ): Promise<RoomView | undefined> {
    const { engine, views, outside } = this.#deps;
    const { request, base, following } = asked;
    const { connection, after } = base;
    const upTo = asked.upTo[0] ?? START;
    const { card, member: now } = covered.listed;
    const member = await memberAt(engine.events, now, upTo);
    if (!member) return undefined;
    const before = knownOf(base, room.nid);
    const told = before && (await this.#isNew(member, before)) ? undefined : before;
    const ask = {
      viewer: request.viewer,
      room,
      member,
      bump: card.bump,
      isDm: following.sorting.dms.has(room.roomId),
      told,
      config: covered.config,
      toldConfig: told && connection.config(told.config),
      since: after?.[0],
      isRead: read.has(room.roomId),
      upTo,
      knowsMember: (user: UserId) => told !== undefined && connection.knowsMember(room.nid, user),
    };
    const standing = standingOf(member);
    if (standing === 'join') return room.head && views.joined(ask);
    return standing === 'left' ? outside.left(ask) : outside.invited(ask);
  }

  /** Who has come into a room, or come back to it, has it all to learn. */
  async #isNew(member: Member, told: Known): Promise<boolean> {
    if (member.membership !== 'join') return false;
    return told.standing !== 'join' || !(await hasStayed(this.#deps.engine.events, member, told.at));
  }

  /** Loads what many rooms need with a query for all of them. */
  async #warm(
    { base, upTo }: Asked,
    concerned: readonly CoveredRoom[],
    rooms: ReadonlyMap<RoomNid, Room>,
  ): Promise<void> {
    const { db, engine, summaries } = this.#deps;
    const isJoined = ({ listed }: CoveredRoom) => listed.member.membership === 'join';
    const joined = concerned.filter(isJoined).flatMap(({ listed }) => rooms.get(listed.card.nid) ?? []);
    const fresh = joined.filter(({ nid }) => !base.connection.rooms.has(nid));
    const limit = Math.max(...concerned.map(({ config }) => config.timelineLimit));
    await Promise.all([
      engine.timeline.warm(joined, wantedEvents(limitFilter(limit))),
      engine.stateLogs.warm(joined, upTo[0] ?? START),
      warmKeys(db, joined),
      summaries.warm(fresh),
    ]);
  }

  async #sticky({ request, upTo, following }: Asked, views: ReadonlyMap<RoomNid, RoomView>) {
    const { viewer, extensions } = request;
    const shown = (nid: RoomNid) => views.get(nid)?.shown ?? [];
    const wanted = extensions.stickyEvents;
    return wanted && this.#deps.sticky.told({ viewer, request: wanted, following, upTo: upTo[0] ?? START, shown });
  }

  async #extensions({ request, base, upTo, following, candidates }: Asked) {
    const { viewer, extensions } = request;
    const { connection, after } = base;
    const scopes: Record<string, string> = { ...connection.scopes };
    for (const name of SCOPED) if (extensions[name]) scopes[name] = JSON.stringify(extensions[name]);
    const others = [...candidates].flatMap(([nid, room]) => {
      const parts = partsOf(base, nid, room);
      return parts === undefined ? [] : [[nid, parts] as const];
    });
    const members = await this.#deps.engine.userRooms.of(viewer.userId);
    const rooms = new ScopedRooms(following, new Map(others));
    const ask = {
      viewer,
      extensions,
      rooms: (name: ScopedExtension, scope: Scope) => rooms.of(scope, name === 'accountData' ? 'any' : 'joined'),
      after,
      upTo,
      joined: () => members.joined,
      scopes,
      toldScopes: connection.scopes,
    };
    return { ...(await this.#deps.extensions.told(ask)), scopes };
  }
}

/** How far the parts have been told of a room, where that is not as far as of the others. */
const partsOf = (base: Base, nid: RoomNid, room: CoveredRoom): 'new' | readonly Position[] | undefined => {
  const told = knownOf(base, nid);
  return told === undefined || hasComeBack(told, room) ? 'new' : told.missed;
};

/** Of the time in between nothing was told. May be wrong in saying yes. */
const hasComeBack = (told: Known, { listed: { member } }: CoveredRoom): boolean =>
  member.membership === 'join' && (told.standing !== 'join' || member.position > told.at);

/** Rooms that somebody has read on in have other counts, whether anything else of them has changed or not. */
const withRead = ({ candidates, following: { roster, rules } }: Asked, read: Read): Asked['candidates'] => {
  if (read.size === 0) return candidates;
  const more = new Map(candidates);
  for (const roomId of read) {
    const listed = roster.find(roomId as RoomId);
    const rule = listed && rules.get(listed.card.nid);
    if (rule) more.set(listed.card.nid, { listed, ...rule });
  }
  return more;
};

/** What the connection is told by an answer: of rooms where it is other than before. */
const told = (asked: Asked, views: ReadonlyMap<RoomNid, RoomView>): Map<RoomNid, Told> => {
  const { following, candidates } = asked;
  const { connection, after } = asked.base;
  const told = new Map<RoomNid, Told>();
  for (const [nid, room] of candidates) {
    const before = connection.rooms.get(nid);
    const now = nowTold(asked, room, views.get(nid));
    if (now && (!before || isOther(before, now))) told.set(nid, now);
  }
  if (following.isSettled) return told;
  for (const nid of connection.live) {
    const before = connection.rooms.get(nid);
    if (before && !following.rules.has(nid)) told.set(nid, { ...before, missed: after ?? [] });
  }
  return told;
};

const nowTold = (
  { base: { connection }, following }: Asked,
  { config: wanted, listed: { card } }: CoveredRoom,
  view: RoomView | undefined,
): Told | undefined => {
  const config = numberOf(connection, wanted);
  const before = connection.rooms.get(card.nid);
  if (!view) return before && { ...before, config, missed: undefined };
  const isDm = following.sorting.dms.has(card.roomId);
  return { limit: view.limit, config, standing: standingOf(view.answer), isDm };
};

const isOther = (before: Told, now: Told): boolean =>
  before.missed !== undefined ||
  before.config !== now.config ||
  before.limit !== now.limit ||
  before.standing !== now.standing ||
  before.isDm !== now.isDm;

/** Whoever asks for something else each time starts afresh now and then. */
const numberOf = (connection: Connection, config: RoomConfig): number => {
  const number = connection.numberOf(config);
  if (number === undefined) throw new MatrixError('M_UNKNOWN_POS', 'this connection has to be started afresh');
  return number;
};

const knownOf = ({ connection, after }: Base, nid: RoomNid): Known | undefined => {
  const told = connection.rooms.get(nid);
  return told && { ...told, at: toldUpTo(told, after?.[0] ?? START) };
};

/** From memory; wrong only in saying yes. */
const isConcerned = (
  { base, following }: Asked,
  { nid, room: { listed, config }, read }: { readonly nid: RoomNid; readonly room: CoveredRoom; readonly read: Read },
): boolean => {
  const told = knownOf(base, nid);
  if (told === undefined) return true;
  const { card, member } = listed;
  if (member.position > told.at) return true;
  if (member.membership !== 'join') return false;
  const isDm = following.sorting.dms.has(card.roomId);
  const isChanged = card.changed > told.at || read.has(card.roomId) || isDm !== told.isDm;
  return isChanged || base.connection.numberOf(config) !== told.config;
};

const standingOf = ({ membership }: Pick<RoomAnswer, 'membership'>): Standing => {
  if (membership === 'join') return 'join';
  return membership === 'leave' || membership === 'ban' ? 'left' : 'outside';
};

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
import type { Connection, Scopes, Standing, Told } from './connection.ts';
import { Cover, type CoveredRoom, isInScope, type ListWindow } from './cover.ts';
import type { Covered, ExtensionParts, ExtensionsAnswer } from './extensions.sync.ts';
import type { OutsideViews } from './outside-views.sync.ts';
import type { RoomConfig, ScopedExtension, SlidingRequest } from './request.ts';
import type { RoomAnswer } from './room-answer.ts';
import type { RoomLists } from './room-lists.service.ts';
import { limitFilter, type RoomViews, type RoomView } from './room-views.sync.ts';

export type Positions = readonly Position[];

export interface AnswersDeps {
  readonly db: Database;
  readonly engine: RoomEngine;
  readonly lists: RoomLists;
  readonly views: RoomViews;
  readonly outside: OutsideViews;
  readonly summaries: Summaries;
  readonly extensions: ExtensionParts;
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
}

const START = 0 as Position;
const SCOPED: readonly ScopedExtension[] = ['accountData', 'receipts', 'typing'];

interface Asked {
  readonly base: Base;
  readonly request: SlidingRequest;
  readonly upTo: Positions;
  readonly dms: ReadonlySet<string>;
  readonly read: ReadonlySet<string>;
}

/** Computes answers of sliding sync. */
export class Answers {
  readonly #deps: AnswersDeps;

  constructor(deps: AnswersDeps) {
    this.#deps = deps;
  }

  async draft(request: SlidingRequest, base: Base, upTo: Positions): Promise<Draft> {
    const { lists } = this.#deps;
    const { userId } = request.viewer;
    const { connection } = base;
    const [listed, { dms }] = await Promise.all([
      lists.of(userId, (nid) => connection.rooms.has(nid)),
      lists.sortingOf(userId),
    ]);
    const cover = new Cover(request);
    for (const [name, list] of request.lists) cover.list(name, await lists.matching(userId, listed, list), list.spans);
    cover.subscribe(listed);
    const covered = cover.rooms();
    const asked: Asked = { request, base, upTo, dms, read: new Set() };
    const extensions = await this.#extensions(asked, covered);
    const views = await this.#views({ ...asked, read: extensions.read }, covered);
    const rooms = new Map<RoomId, ToldRoom>();
    for (const [nid, { answer }] of views) {
      const room = covered.get(nid);
      if (room) rooms.set(room.listed.card.roomId, { ...answer, lists: room.lists });
    }
    return {
      answer: { lists: cover.windows, rooms, extensions: extensions.answer },
      isNews: base.after === undefined || rooms.size > 0 || extensions.isNews,
      reached: [upTo[0] ?? START, ...extensions.reached],
      told: this.#told(asked, covered, views),
      members: new Map([...views].map(([nid, { members }]) => [nid, members] as const).filter(([, m]) => m.length > 0)),
      scopes: extensions.scopes,
    };
  }

  async #views(asked: Asked, covered: ReadonlyMap<RoomNid, CoveredRoom>): Promise<Map<RoomNid, RoomView>> {
    const { rooms } = this.#deps.engine;
    const concerned = [...covered].filter(([nid, room]) =>
      isConcerned(asked, asked.base.connection.rooms.get(nid), room),
    );
    if (concerned.length === 0) return new Map();
    const found = await rooms.byNids(concerned.map(([nid]) => nid));
    if (concerned.length > 1)
      await this.#warm(
        asked,
        concerned.map(([, room]) => room),
        found,
      );
    const views = await Promise.all(
      concerned.map(async ([nid, room]) => {
        const of = found.get(nid);
        return [nid, of && (await this.#view(asked, of, room))] as const;
      }),
    );
    return new Map(views.flatMap(([nid, view]) => (view ? [[nid, view] as const] : [])));
  }

  async #view(asked: Asked, room: Room, covered: CoveredRoom): Promise<RoomView | undefined> {
    const { engine, views, outside } = this.#deps;
    const { request, base, dms } = asked;
    const { connection, after } = base;
    const upTo = asked.upTo[0] ?? START;
    const { card, member: now } = covered.listed;
    const member = await memberAt(engine.events, now, upTo);
    if (!member) return undefined;
    const before = connection.rooms.get(room.nid);
    const told = before && (await this.#isNew(member, before)) ? undefined : before;
    const ask = {
      viewer: request.viewer,
      room,
      member,
      bump: card.bump,
      isDm: dms.has(room.roomId),
      told,
      config: covered.config,
      toldConfig: told && connection.config(told.config),
      since: after?.[0],
      isRead: asked.read.has(room.roomId),
      upTo,
      knowsMember: (user: UserId) => told !== undefined && connection.knowsMember(room.nid, user),
    };
    const standing = standingOf(member);
    if (standing === 'join') return room.head && views.joined(ask);
    return standing === 'left' ? outside.left(ask) : outside.invited(ask);
  }

  /** Who has come into a room, or come back to it, has it all to learn. */
  async #isNew(member: Member, told: Told): Promise<boolean> {
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

  #told(
    { base: { connection, after }, upTo, dms }: Asked,
    covered: ReadonlyMap<RoomNid, CoveredRoom>,
    views: ReadonlyMap<RoomNid, RoomView>,
  ): Map<RoomNid, Told> {
    const told = new Map<RoomNid, Told>();
    for (const [nid, { config: wanted, listed }] of covered) {
      const config = numberOf(connection, wanted);
      const view = views.get(nid);
      const before = connection.rooms.get(nid);
      if (view) {
        const isDm = dms.has(listed.card.roomId);
        told.set(nid, { at: upTo[0] ?? START, limit: view.limit, config, standing: standingOf(view.answer), isDm });
      } else if (before && isOther(before, config)) told.set(nid, { ...before, config, missed: undefined });
    }
    for (const [nid, before] of connection.rooms) {
      if (before.missed === undefined && !covered.has(nid)) told.set(nid, { ...before, missed: after ?? [] });
    }
    return told;
  }

  async #extensions({ request, base, upTo }: Asked, covered: ReadonlyMap<RoomNid, CoveredRoom>) {
    const { viewer, extensions } = request;
    const { connection, after } = base;
    const scopes: Record<string, string> = { ...connection.scopes };
    const rooms: Record<ScopedExtension, Covered[]> = { accountData: [], receipts: [], typing: [] };
    for (const name of SCOPED) {
      const scope = extensions[name];
      if (!scope) continue;
      scopes[name] = JSON.stringify(scope);
      for (const [nid, room] of covered) {
        if (!isInScope(scope, room) || (name !== 'accountData' && room.listed.member.membership !== 'join')) continue;
        const told = connection.rooms.get(nid);
        const parts = told === undefined || hasComeBack(told, room) ? 'new' : (told.missed ?? 'as the others');
        rooms[name].push({ nid, roomId: room.listed.card.roomId, parts });
      }
    }
    const members = await this.#deps.engine.userRooms.of(viewer.userId);
    const joined = () => [...members.values()].filter((m) => m.membership === 'join').map(({ roomNid }) => roomNid);
    const ask = { viewer, extensions, rooms, after, upTo, joined, scopes, toldScopes: connection.scopes };
    return { ...(await this.#deps.extensions.told(ask)), scopes };
  }
}

/** Of the time in between nothing was told. May be wrong in saying yes. */
const hasComeBack = (told: Told, { listed: { member } }: CoveredRoom): boolean =>
  member.membership === 'join' && (told.standing !== 'join' || member.position > told.at);

const isOther = (before: Told, config: number): boolean => before.missed !== undefined || before.config !== config;

/** Whoever asks for something else each time starts afresh now and then. */
const numberOf = (connection: Connection, config: RoomConfig): number => {
  const number = connection.numberOf(config);
  if (number === undefined) throw new MatrixError('M_UNKNOWN_POS', 'this connection has to be started afresh');
  return number;
};

/** From memory; wrong only in saying yes. */
const isConcerned = ({ base, dms, read }: Asked, told: Told | undefined, { listed, config }: CoveredRoom): boolean => {
  if (told === undefined) return true;
  const { card, member } = listed;
  if (member.position > told.at) return true;
  if (member.membership !== 'join') return false;
  const isChanged = card.changed > told.at || read.has(card.roomId) || dms.has(card.roomId) !== told.isDm;
  return isChanged || base.connection.numberOf(config) !== told.config;
};

const standingOf = ({ membership }: Pick<RoomAnswer, 'membership'>): Standing => {
  if (membership === 'join') return 'join';
  return membership === 'leave' || membership === 'ban' ? 'left' : 'outside';
};

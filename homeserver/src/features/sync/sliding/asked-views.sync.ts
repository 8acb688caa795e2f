import type { UserId } from '@holm/spec/ids';
import type { RoomEngine } from '../../../rooms/engine.ts';
import type { Member, RoomNid } from '../../../rooms/model.ts';
import type { Room } from '../../../rooms/room.ts';
import { warmKeys } from '../../../rooms/state/room-keys.ts';
import type { LongAnswers } from '../long-answers.sync.ts';
import { hasStayed, memberAt } from '../standing.sync.ts';
import type { Summaries } from '../summaries.sync.ts';
import { wantedEvents } from '../timelines.sync.ts';
import type { CoveredRoom } from './cover.ts';
import type { OutsideViews } from './outside-views.sync.ts';
import { type Known, limitFilter, type RoomViews, type RoomView } from './room-views.sync.ts';
import { namedKeys } from './state-wish.ts';
import { type Asked, isConcerned, knownOf, type Read, standingOf, START, toldConfigOf } from './told-rooms.ts';

export interface AskedViewsDeps {
  readonly engine: RoomEngine;
  readonly joined: RoomViews;
  readonly outside: OutsideViews;
  readonly summaries: Summaries;
  readonly long: LongAnswers;
}

/** What an answer says of the rooms that it is about. */
export class AskedViews {
  readonly #deps: AskedViewsDeps;

  constructor(deps: AskedViewsDeps) {
    this.#deps = deps;
  }

  async of(asked: Asked, read: Read): Promise<ReadonlyMap<RoomNid, RoomView>> {
    const concerned = [...asked.candidates.values()].filter((room) => isConcerned(asked, room, read));
    if (concerned.length === 0) return new Map();
    const hearer = { viewer: asked.request.viewer, isGone: asked.base.isGone };
    return this.#deps.long.make(concerned.length, hearer, () => this.#views(asked, concerned, read));
  }

  async #views(asked: Asked, concerned: readonly CoveredRoom[], read: Read): Promise<Map<RoomNid, RoomView>> {
    const rooms = await this.#deps.engine.rooms.byNids(concerned.map(({ listed }) => listed.card.nid));
    if (concerned.length > 1) await this.#warm(asked, concerned, rooms);
    const views = await Promise.all(
      concerned.map(async (covered) => {
        const { nid } = covered.listed.card;
        const room = rooms.get(nid);
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
    const { engine, joined, outside } = this.#deps;
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
      before,
      config: covered.config,
      toldConfig: told && toldConfigOf(connection, told, covered.config),
      since: after?.[0],
      isRead: read.has(room.roomId),
      upTo,
      knowsMember: (user: UserId) => told !== undefined && connection.knowsMember(room.nid, user),
    };
    const standing = standingOf(member);
    if (standing === 'join') return room.head && joined.joined(ask);
    return standing === 'left' ? outside.left(ask) : outside.invited(ask);
  }

  /** Who has come into a room, or come back to it, has it all to learn. */
  async #isNew(member: Member, told: Known): Promise<boolean> {
    if (member.membership !== 'join') return false;
    return told.standing !== 'join' || !(await hasStayed(this.#deps.engine, member, told.at));
  }

  /** Loads what many rooms need with a query for all of them. */
  async #warm(
    { base, upTo }: Asked,
    concerned: readonly CoveredRoom[],
    rooms: ReadonlyMap<RoomNid, Room>,
  ): Promise<void> {
    const { engine, summaries } = this.#deps;
    const roomOf = ({ listed }: CoveredRoom) => rooms.get(listed.card.nid) ?? [];
    const joined = concerned.filter(({ listed }) => listed.member.membership === 'join');
    const { fresh = [], known = [] } = Object.groupBy(joined, ({ listed }) =>
      base.connection.rooms.get(listed.card.nid)?.standing === 'join' ? 'known' : 'fresh',
    );
    const wanted = wantedEvents(limitFilter(Math.max(...concerned.map(({ config }) => config.timelineLimit))));
    // Where all that is asked for has a name, what a first answer says of a room takes a few of its keys.
    const unnamed = fresh.filter(({ config }) => namedKeys(config.wishes) === undefined);
    await Promise.all([
      engine.timeline.warm(joined.flatMap(roomOf), wanted),
      engine.stateLogs.warm(known.flatMap(roomOf), upTo[0] ?? START),
      // One for each event, and what was current before them.
      engine.stateLogs.warmNewest(fresh.flatMap(roomOf), wanted + 1),
      warmKeys([...known, ...unnamed].flatMap(roomOf)),
      summaries.warm(fresh.flatMap(roomOf)),
    ]);
  }
}

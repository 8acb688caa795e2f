import type { RoomId } from '@holm/spec/ids';
import { type Soon, soon } from '../../../platform/soon.ts';
import type { RoomEngine } from '../../../rooms/engine.ts';
import type { RoomNid } from '../../../rooms/model.ts';
import type { Position } from '../../../streams/stream.ts';
import type { UnreadEvents } from '../../notifications/index.ts';
import type { Hearing } from '../long-answers.sync.ts';
import type { AskedViews } from './asked-views.sync.ts';
import type { MembersTold, Told } from './connection.ts';
import type { ListWindow } from './cover.ts';
import { areProfilesOther, askOf, type ExtensionsAnswer, scopesOf } from './extensions-ask.ts';
import type { ExtensionParts, ExtensionsTold } from './extensions.sync.ts';
import { countsOf, type Followings } from './following.service.ts';
import type { GoneViews } from './gone-views.sync.ts';
import type { ProfilesExtension } from './profiles-extension.sync.ts';
import type { Scopes, SlidingRequest } from './request.ts';
import type { RoomAnswer } from './room-answer.ts';
import type { RoomView } from './room-views.sync.ts';
import { ScopedRooms } from './scoped-rooms.ts';
import {
  type Asked,
  type Base,
  candidatesOf,
  membersTold,
  NOTHING_GONE,
  type Positions,
  type Read,
  START,
  told,
  withRead,
} from './told-rooms.ts';
import type { StickyExtension } from './sticky-extension.sync.ts';

export interface AnswersDeps {
  readonly engine: RoomEngine;
  readonly followings: Followings;
  readonly views: AskedViews;
  readonly gone: GoneViews;
  readonly unread: Pick<UnreadEvents, 'of'>;
  readonly extensions: ExtensionParts;
  readonly sticky: StickyExtension;
  readonly profiles: ProfilesExtension;
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
  readonly members: ReadonlyMap<RoomNid, MembersTold>;
  readonly scopes: Scopes;
  /** To be told when a state of the connection says what this answer told of rooms. */
  readonly settle: (gen: number) => void;
}

/** Computes answers of sliding sync. */
export class Answers {
  readonly #deps: AnswersDeps;

  constructor(deps: AnswersDeps) {
    this.#deps = deps;
  }

  async draft(request: SlidingRequest, base: Base & Hearing, upTo: Positions): Promise<Draft> {
    const asked = await this.#asked(request, base, upTo);
    return this.#isStill(asked) ? this.#still(asked) : this.#draft(asked);
  }

  /** As `draft`, if there is anything to tell: for those who can wait, which most do, there is nothing, and memory knows. */
  async news(request: SlidingRequest, base: Base & Hearing, upTo: Positions): Promise<Draft | undefined> {
    const asked = await this.#asked(request, base, upTo);
    if (this.#isStill(asked)) return undefined;
    const draft = await this.#draft(asked);
    return draft.isNews ? draft : undefined;
  }

  #asked(request: SlidingRequest, base: Base & Hearing, upTo: Positions): Soon<Asked> {
    const { followings, engine, gone } = this.#deps;
    const { userId } = request.viewer;
    return soon(followings.of(userId, request, base.connection), (following) =>
      soon(engine.userRooms.atHand(userId) ?? engine.userRooms.of(userId), (members) => {
        const { roomChanges } = engine;
        const scopes = scopesOf(base.connection.scopes, request.extensions.scopes);
        const candidates = candidatesOf(base, following, { roomChanges, scopes });
        const { roster } = following;
        return soon(gone.of({ user: userId, base, upTo, roster, members }), (gone) => {
          return { request, base, upTo, following, candidates, scopes, members, gone };
        });
      }),
    );
  }

  /** Wrong only in saying no. */
  #isStill(asked: Asked): boolean {
    const { following, candidates, request, gone } = asked;
    const { stickyEvents, profiles } = request.extensions;
    const isSimple =
      following.isSettled && gone === NOTHING_GONE && stickyEvents === undefined && profiles === undefined;
    return isSimple && candidates.size === 0 && this.#deps.extensions.isSilent(askOf(asked));
  }

  /** Where nothing has happened, the lists are as they were told. */
  async #still(asked: Asked): Promise<Draft> {
    const { upTo, following, scopes } = asked;
    const { answer: extensions, reached } = await this.#deps.extensions.told(askOf(asked));
    return {
      answer: { lists: countsOf(following), rooms: new Map(), extensions },
      isNews: false,
      reached: this.#reached(upTo, reached, undefined),
      told: new Map(),
      members: new Map(),
      scopes,
      settle: following.settle,
    };
  }

  async #draft(asked: Asked): Promise<Draft> {
    const { base, upTo, following, scopes } = asked;
    const extensions = await this.#deps.extensions.told(askOf(asked));
    const read = await this.#recounted(asked, extensions);
    const candidates = withRead(asked, read);
    const views = await this.#deps.views.of({ ...asked, candidates }, read);
    const rooms = roomsIn({ ...asked, candidates }, views);
    const stickyEvents = await this.#sticky(asked, views);
    const profiles = await this.#profiles(asked, views);
    const isOtherNews = extensions.isNews || hasAny(stickyEvents?.rooms) || hasAny(profiles?.users);
    return {
      answer: { lists: following.windows, rooms, extensions: { ...extensions.answer, stickyEvents, profiles } },
      isNews: base.after === undefined || rooms.size > 0 || isOtherNews,
      reached: this.#reached(upTo, extensions.reached, profiles?.reached),
      told: told({ ...asked, candidates }, views),
      members: membersTold(views, base),
      scopes,
      settle: following.settle,
    };
  }

  /** Rooms whose counts are others by now, without anything having been said: the reader has read on, or has other rules. */
  async #recounted({ request, base, following }: Asked, { read, rulesSince }: ExtensionsTold): Promise<Read> {
    if (rulesSince === undefined || base.after === undefined) return read;
    const { engine, unread } = this.#deps;
    const known = [...following.rules.keys()].filter((nid) => base.connection.rooms.get(nid)?.standing === 'join');
    const rooms = await engine.rooms.byNids(known);
    const counted = [...rooms.values()].map(async (room) => {
      const { rulesAt } = await unread.of(request.viewer.userId, room);
      return rulesAt > rulesSince ? [room.roomId] : [];
    });
    return new Set([...read, ...(await Promise.all(counted)).flat()]);
  }

  async #sticky({ request, upTo, following }: Asked, views: ReadonlyMap<RoomNid, RoomView>) {
    const { viewer, extensions } = request;
    const shown = (nid: RoomNid) => views.get(nid)?.shown ?? [];
    const wanted = extensions.stickyEvents;
    return wanted && this.#deps.sticky.told({ viewer, request: wanted, following, upTo: upTo[0] ?? START, shown });
  }

  async #profiles(asked: Asked, views: ReadonlyMap<RoomNid, RoomView>) {
    const { request, base, upTo, following, members } = asked;
    const { extensions, profiles } = this.#deps;
    const wanted = request.extensions.profiles;
    if (!wanted) return undefined;
    const number = extensions.numberOf(profiles.stream);
    const scope = new ScopedRooms(following, new Map()).of(wanted.scope, 'joined');
    const isOther = areProfilesOther(base.connection.scopes, asked.scopes);
    const timeline = { after: base.after?.[0] ?? START, upTo: upTo[0] ?? START };
    return profiles.told({
      reader: { ...request.viewer, rooms: () => members.joined, timeline },
      request: wanted,
      after: base.after?.[number] ?? START,
      upTo: upTo[number] ?? START,
      views: [...views].flatMap(([nid, view]) => (scope.steady.has(nid) ? [view] : [])),
      rescoped: isOther && base.after !== undefined ? scope.all() : new Set<RoomNid>(),
    });
  }

  #reached(upTo: Positions, byPart: Positions, ofProfiles: Position | undefined): Positions {
    const { extensions, profiles } = this.#deps;
    const positions = [upTo[0] ?? START, ...byPart];
    return ofProfiles === undefined ? positions : positions.with(extensions.numberOf(profiles.stream), ofProfiles);
  }
}

const roomsIn = ({ gone, candidates }: Asked, views: ReadonlyMap<RoomNid, RoomView>): Map<RoomId, ToldRoom> => {
  const rooms = new Map<RoomId, ToldRoom>();
  for (const [roomId, answer] of gone.rooms) rooms.set(roomId, { ...answer, lists: [] });
  for (const [nid, { answer }] of views) {
    const room = candidates.get(nid);
    if (room) rooms.set(room.listed.card.roomId, { ...answer, lists: room.lists });
  }
  return rooms;
};

const hasAny = (told: ReadonlyMap<unknown, unknown> | undefined): boolean => told !== undefined && told.size > 0;

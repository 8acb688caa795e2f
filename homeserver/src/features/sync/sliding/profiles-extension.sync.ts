import { serverOf, type UserId } from '@holm/spec/ids';
import type { RoomEngine } from '../../../rooms/engine.ts';
import type { RoomNid } from '../../../rooms/model.ts';
import type { Position } from '../../../streams/stream.ts';
import type { Reader } from '../../../streams/sync-part.ts';
import type { ProfileChange, ProfileNews } from '../../profiles/index.ts';
import type { ProfilesRequest } from './request.ts';
import type { RoomView } from './room-views.sync.ts';

export interface ProfilesExtensionDeps {
  readonly engine: Pick<RoomEngine, 'serverName' | 'rooms' | 'membersOf'>;
  readonly news: Pick<ProfileNews, 'stream' | 'since' | 'of'>;
  /** With whom somebody has ceased to share any room in the stretch of the stream of events that an answer covers. */
  readonly parted: (reader: Reader) => Promise<readonly UserId[]>;
}

interface Ask {
  readonly reader: Reader;
  readonly request: ProfilesRequest;
  readonly after: Position;
  readonly upTo: Position;
  /** What the same answer tells of rooms that the extension is about. */
  readonly views: readonly RoomView[];
  /** The rooms that it is about, where it is asked about others, or for other fields, than before. */
  readonly rescoped: ReadonlySet<RoomNid>;
}

/** Nothing for somebody with whom no room is shared any more. */
export type ProfileTold = ProfileChange | undefined;

export interface ProfilesAnswer {
  readonly name: string;
  readonly users: ReadonlyMap<UserId, ProfileTold>;
  readonly reached: Position;
}

/** Of whom an answer tells everything. */
const MOST = 500;

/**
 * What becomes of the profiles of those with whom somebody shares a room, as far as they are of this server:
 * https://github.com/matrix-org/matrix-spec-proposals/pull/4262
 */
export class ProfilesExtension {
  readonly #deps: ProfilesExtensionDeps;

  constructor(deps: ProfilesExtensionDeps) {
    this.#deps = deps;
  }

  get stream(): ProfileNews['stream'] {
    return this.#deps.news.stream;
  }

  async told(ask: Ask): Promise<ProfilesAnswer> {
    const { reader, request, after, upTo } = ask;
    const users = new Map<UserId, ProfileTold>();
    const news = await this.#news(reader.userId, after, upTo);
    for (const [user, change] of news.users) put(users, user, only(change, request.fields));
    for (const user of after === 0 ? [] : await this.#parted(reader)) users.set(user, undefined);
    for (const [user, updated] of await this.#deps.news.of(await this.#base(ask))) {
      const { removed = [] } = users.get(user) ?? {};
      put(users, user, only({ updated, removed }, request.fields));
    }
    return { name: request.name, users, reached: news.reached };
  }

  /** To whoever begins, nothing of before is news. */
  #news(user: UserId, after: Position, upTo: Position): ReturnType<ProfileNews['since']> {
    return this.#deps.news.since(user, after === 0 ? upTo : after, upTo);
  }

  /** Those whom the answer shows, and those in rooms that are told of otherwise than before: all that is known of them. */
  async #base({ views, rescoped, reader }: Ask): Promise<UserId[]> {
    const users = new Set<UserId>(rescoped.size > 0 ? [reader.userId] : []);
    for (const { members, answer } of views) {
      for (const user of members) users.add(user);
      for (const { userId } of answer.heroes ?? []) users.add(userId);
    }
    for (const nid of rescoped) {
      if (users.size >= MOST) break;
      const room = await this.#deps.engine.rooms.byNid(nid);
      if (room) for (const user of (await this.#deps.engine.membersOf(room)).local) users.add(user);
    }
    return [...users].filter((user) => this.#isOurs(user)).slice(0, MOST);
  }

  async #parted(reader: Reader): Promise<readonly UserId[]> {
    return (await this.#deps.parted(reader)).filter((user) => this.#isOurs(user));
  }

  #isOurs(user: UserId): boolean {
    return serverOf(user) === this.#deps.engine.serverName;
  }
}

const put = (users: Map<UserId, ProfileTold>, user: UserId, change: ProfileChange): void => {
  if (Object.keys(change.updated).length + change.removed.length > 0) users.set(user, change);
};

const only = ({ updated, removed }: ProfileChange, fields: readonly string[] | undefined): ProfileChange => {
  if (!fields) return { updated, removed };
  const wanted = Object.entries(updated).filter(([field]) => fields.includes(field));
  return { updated: Object.fromEntries(wanted), removed: removed.filter((f) => fields.includes(f)) };
};

import { MatrixError } from '@holm/spec/errors';
import type { RoomId, UserId } from '@holm/spec/ids';
import { fold } from '../../core/text/fold.ts';
import type { Clock } from '../../platform/clock.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { Database } from '../../storage/database.ts';
import { type LocalSummary, listingOf, type RoomSummaries, type RoomSummary } from '../room-summaries/index.ts';
import { type From, printFrom, readFrom } from './page-token.ts';
import { type Listing, OWN_NETWORK, publishedStore as store, type Wanted } from './published.store.ts';

export interface PublicRoomsDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly engine: Pick<RoomEngine, 'rooms' | 'holds'>;
  readonly summaries: Pick<RoomSummaries, 'byNids'>;
  readonly rights: {
    isJoined(roomId: RoomId, userId: UserId): Promise<boolean>;
    /** Has the power to send `m.room.canonical_alias`: to say how the room is to be found. */
    maySetCanonicalAlias(roomId: RoomId, userId: UserId): Promise<boolean>;
  };
  readonly administrators: { isAdmin(userId: UserId): Promise<boolean> };
  /** Who may have rooms listed; administrators always may. */
  readonly publishing: 'everybody' | 'administrators';
}

/** What somebody wants to see of a directory, in the words of the protocol. */
export interface RoomsQuery {
  readonly limit?: number;
  readonly since?: string;
  readonly filter?: { readonly generic_search_term?: string; readonly room_types?: readonly (string | null)[] };
  readonly include_all_networks?: boolean;
  readonly third_party_instance_id?: string;
}

export interface RoomsPage {
  readonly chunk: RoomSummary[];
  readonly next_batch?: string;
  readonly prev_batch?: string;
  readonly total_room_count_estimate?: number;
}

const MAX_PAGE = 500;
const DEFAULT_PAGE = 100;
/** So that rooms which change all the time cannot keep a reader waiting: 20,000 rooms at a time are enough. */
const MAX_ROUNDS = 40;

/** The rooms that people of this server have published for others to find. */
export class PublicRooms {
  readonly #deps: PublicRoomsDeps;
  #refreshing: Promise<void> | undefined;

  constructor(deps: PublicRoomsDeps) {
    this.#deps = deps;
  }

  /** M_NOT_FOUND for rooms that this server takes no part in. */
  async isPublished(roomId: RoomId): Promise<boolean> {
    const { db, engine } = this.#deps;
    await engine.rooms.joined(roomId);
    return store.isPublished(db, roomId);
  }

  /** For administrators, and for those who may choose the room's main alias, where the settings let them. */
  async setPublished(userId: UserId, roomId: RoomId, isPublished: boolean): Promise<void> {
    const { db, clock, engine } = this.#deps;
    await engine.rooms.joined(roomId);
    if (!(await this.#mayDecide(userId, roomId))) {
      throw new MatrixError('M_FORBIDDEN', 'this takes the power to set the main alias of the room');
    }
    if (!isPublished) return store.withdraw(db, roomId);
    await this.assertMayPublish(userId);
    engine.holds.assertEnterable(roomId);
    await store.publish(db, roomId, userId, clock.now());
  }

  /** M_FORBIDDEN for who may not have rooms listed at all. */
  async assertMayPublish(userId: UserId): Promise<void> {
    const { administrators, publishing } = this.#deps;
    if (publishing === 'everybody' || (await administrators.isAdmin(userId))) return;
    throw new MatrixError('M_FORBIDDEN', 'only administrators publish rooms on this server');
  }

  /** Lists a room without asking whether its state lets the user: for one that is only being made. */
  publish(userId: UserId, roomId: RoomId): Promise<void> {
    const { db, clock } = this.#deps;
    return store.publish(db, roomId, userId, clock.now());
  }

  /** Nothing came of a room that was being made. */
  withdraw(roomId: RoomId): Promise<void> {
    return store.withdraw(this.#deps.db, roomId);
  }

  /** Lists the room that replaces another one where that one was listed. */
  async replace(from: RoomId, to: RoomId): Promise<void> {
    await this.#deps.db.transact((tx) => store.replace(tx, from, to));
  }

  /** What an event of the room said has been taken back: nobody shall find the room by it any more. */
  async redacted(roomId: RoomId): Promise<void> {
    await store.outdate(this.#deps.db, roomId);
  }

  async list(query: RoomsQuery): Promise<RoomsPage> {
    const from = readFrom(query.since);
    const wanted = wantedOf(query);
    const asked = query.limit ?? DEFAULT_PAGE;
    const limit = asked === 0 ? MAX_PAGE : Math.min(asked, MAX_PAGE);
    await this.#refresh();
    const found = await this.#deps.db.read(async (tx) => ({
      total: await store.count(tx, wanted),
      places: await store.page(tx, wanted, { ...from, limit: limit + 1 }),
    }));
    const hasMore = found.places.length > limit;
    const places = found.places.slice(0, limit);
    if (from.direction === 'back') places.reverse();
    const summaries = await this.#deps.summaries.byNids(places.map(({ nid }) => nid));
    return {
      chunk: places.flatMap(({ nid }) => summaries.get(nid)?.summary ?? []).map(listingOf),
      ...ends(from, places, hasMore),
      total_room_count_estimate: found.total,
    };
  }

  async #mayDecide(userId: UserId, roomId: RoomId): Promise<boolean> {
    const { administrators, rights } = this.#deps;
    if ((await rights.isJoined(roomId, userId)) && (await rights.maySetCanonicalAlias(roomId, userId))) return true;
    return administrators.isAdmin(userId);
  }

  /** Brings the rows up to date of rooms whose state has changed since. Who comes meanwhile waits for the next round. */
  async #refresh(): Promise<void> {
    await this.#refreshing;
    this.#refreshing ??= this.#bringUpToDate().finally(() => (this.#refreshing = undefined));
    await this.#refreshing;
  }

  async #bringUpToDate(): Promise<void> {
    const { db, summaries } = this.#deps;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const stale = await store.stale(db);
      if (stale.length === 0) return;
      const found = await summaries.byNids(stale);
      await store.put(db, [...found.values()].map(rowOf));
    }
  }
}

const wantedOf = ({
  filter,
  include_all_networks: all = false,
  third_party_instance_id: network,
}: RoomsQuery): Wanted => {
  if (all && network !== undefined) {
    throw new MatrixError('M_INVALID_PARAM', 'third_party_instance_id goes only without include_all_networks');
  }
  return {
    network: all ? undefined : (network ?? OWN_NETWORK),
    term: fold(filter?.generic_search_term ?? '').trim(),
    types: filter?.room_types?.map((type) => type ?? ''),
  };
};

const ends = ({ direction, after }: From, places: readonly { joined: number; roomId: RoomId }[], hasMore: boolean) => {
  const [first, last] = [places[0], places.at(-1)];
  const isForward = direction === 'forward';
  const hasNext = isForward ? hasMore : true;
  const hasPrevious = isForward ? after !== undefined : hasMore;
  return {
    ...(hasNext && last && { next_batch: printFrom('forward', last) }),
    ...(hasPrevious && first && { prev_batch: printFrom('back', first) }),
  };
};

/** Rooms that nobody can get into without having been invited, or look into, are not shown to everybody. */
const ENTERED_BY_INVITE = new Set(['invite', 'private']);

const rowOf = ({ room, snapshot, summary, local }: LocalSummary): Listing => ({
  roomId: room.roomId,
  snapshot,
  joined: summary.num_joined_members,
  isShown: local > 0 && (summary.world_readable || !ENTERED_BY_INVITE.has(summary.join_rule)),
  roomType: summary.room_type?.replaceAll('\0', ''),
  words: fold([summary.name, summary.topic, summary.canonical_alias].filter(Boolean).join('\n')),
});

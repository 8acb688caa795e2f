import { RoomId, type UserId } from '@holm/spec/ids';
import { isObject, type JsonObject } from '@holm/spec/json';
import type { LRUCache } from 'lru-cache';
import type { IdleCaches } from '../../../platform/idle-caches.ts';
import { type Soon, soon } from '../../../platform/soon.ts';
import type { Arrivals } from './arrivals.sync.ts';
import type { ListedRoom } from './listed-room.ts';
import type { RoomFilters } from './request.ts';
import type { Names, RoomNames } from './room-names.service.ts';
import type { Roster, RosterView, Test } from './roster.ts';
import type { Rosters } from './rosters.service.ts';
import type { Spaces } from './spaces.service.ts';
import { atMost } from '../../../platform/at-most.ts';

/** As much of account data as lists look at. */
export interface Settings {
  /** Changes with every change of an account. */
  versionOf(user: UserId): number;
  find(key: { userId: UserId; roomId: RoomId | undefined; type: string }): Promise<JsonObject | undefined>;
  /** Content by room. */
  ofRooms(user: UserId, type: string): Promise<ReadonlyMap<RoomId, JsonObject>>;
}

type Tags = ReadonlyMap<string, ReadonlySet<string>>;

/** A user's rooms as they sort them. */
export interface Sorting {
  /** Another object only where it says something else. */
  readonly dms: ReadonlySet<string>;
  /** Read when somebody asks for it. */
  readonly tags: () => Promise<Tags>;
}

interface Known extends Sorting {
  readonly version: number;
  readonly direct: string;
}

export interface RoomListsDeps {
  readonly rosters: Rosters;
  readonly arrivals: Arrivals;
  readonly settings: Settings;
  readonly spaces: Spaces;
  readonly names: RoomNames;
  readonly idle: IdleCaches;
}

const CACHED_USERS = 10_000;

/** Which rooms somebody has, and which of them a list asks for. */
export class RoomLists {
  readonly #rosters: Rosters;
  readonly #arrivals: Arrivals;
  readonly #settings: Settings;
  readonly #spaces: Spaces;
  readonly #names: RoomNames;
  readonly #sortings: LRUCache<UserId, Known>;

  constructor({ rosters, arrivals, settings, spaces, names, idle }: RoomListsDeps) {
    this.#sortings = idle.create<UserId, Known>(atMost(CACHED_USERS));
    this.#rosters = rosters;
    this.#arrivals = arrivals;
    this.#settings = settings;
    this.#spaces = spaces;
    this.#names = names;
  }

  rosterOf(user: UserId): Soon<Roster> {
    return soon(this.#rosters.of(user), (roster) => soon(this.#arrivals.settle(roster), () => roster));
  }

  /** The rooms that pass a list's filters. */
  view(roster: Roster, filters: RoomFilters, sorting: Sorting): Soon<RosterView> {
    const { spaces, tags, notTags, nameLike } = filters;
    const isAround = [spaces, tags, notTags, nameLike].some((wanted) => wanted !== undefined);
    if (isAround) return this.#viewAround(roster, filters, sorting);
    const dms = filters.isDm === undefined ? undefined : sorting.dms;
    return roster.view(nameOf(filters), dms ? [dms] : NOTHING_ELSE, () => testOf(filters, { ...NOTHING, dms }));
  }

  /** By what other rooms, or the account, say of them. */
  async #viewAround(roster: Roster, filters: RoomFilters, sorting: Sorting): Promise<RosterView> {
    const { spaces, tags, notTags } = filters;
    const byTag = (tags ?? notTags) ? await sorting.tags() : undefined;
    const children = spaces && (await this.#spaces.childrenOf(roster, spaces));
    const dms = filters.isDm === undefined ? undefined : sorting.dms;
    const names = filters.nameLike === undefined ? undefined : await this.#names.of(roster);
    const isWanted = () => testOf(filters, { dms, byTag, names, children: children && new Set(children.flat()) });
    return roster.view(nameOf(filters), [dms, byTag, names, ...(children ?? [])], isWanted);
  }

  sortingOf(userId: UserId): Soon<Sorting> {
    const version = this.#settings.versionOf(userId);
    const known = this.#sortings.get(userId);
    return known?.version === version ? known : this.#sort(userId, version, known);
  }

  async #sort(userId: UserId, version: number, known: Known | undefined): Promise<Sorting> {
    const content = await this.#settings.find({ userId, roomId: undefined, type: 'm.direct' });
    const direct = JSON.stringify(content);
    const dms = known && known.direct === direct ? known.dms : roomsIn(content);
    const sorting = { version, direct, dms, tags: this.#reader(userId) };
    this.#sortings.set(userId, sorting);
    return sorting;
  }

  #reader(userId: UserId): () => Promise<Tags> {
    let tags: Promise<Tags> | undefined;
    return () => {
      if (tags) return tags;
      tags = this.#tags(userId);
      tags.catch(() => (tags = undefined)); // whoever waits for it hears of it, too
      return tags;
    };
  }

  async #tags(userId: UserId): Promise<Tags> {
    const byRoom = await this.#settings.ofRooms(userId, 'm.tag');
    return new Map(
      [...byRoom].map(([roomId, { tags }]) => [roomId, new Set(isObject(tags) ? Object.keys(tags) : [])] as const),
    );
  }
}

interface Around {
  readonly dms: ReadonlySet<string> | undefined;
  readonly byTag: Tags | undefined;
  readonly names: Names | undefined;
  readonly children: ReadonlySet<string> | undefined;
}

const NOTHING: Around = { dms: undefined, byTag: undefined, names: undefined, children: undefined };
const NOTHING_ELSE: readonly unknown[] = [];

/** Requests that are repeated have the same object. */
const names = new WeakMap<RoomFilters, string>();

const nameOf = (filters: RoomFilters): string => {
  const name = names.get(filters) ?? JSON.stringify(filters);
  names.set(filters, name);
  return name;
};

const testOf = (filters: RoomFilters, around: Around): Test => {
  const tests = [...ownTests(filters), ...testsAround(filters, around)];
  return (room) => tests.every((test) => test(room));
};

const testsAround = (filters: RoomFilters, { dms, byTag, names, children }: Around): Test[] => {
  const { isDm, tags, notTags, nameLike } = filters;
  const tests: Test[] = [];
  if (dms) tests.push(({ card }) => dms.has(card.roomId) === isDm);
  if (byTag) {
    const hasOne = (roomId: string, of: readonly string[]) => of.some((tag) => byTag.get(roomId)?.has(tag));
    tests.push(({ card }) => (!tags || hasOne(card.roomId, tags)) && !hasOne(card.roomId, notTags ?? []));
  }
  if (children) tests.push(({ card }) => children.has(card.roomId));
  // Who is not in a room must not find out by guessing what it is called now.
  const like = nameLike?.toLowerCase();
  if (names && like !== undefined) {
    tests.push(({ card, member }) => member.membership === 'join' && names.get(card.nid)?.includes(like) === true);
  }
  return tests;
};

const ownTests = ({ isEncrypted, isInvited, roomTypes, notRoomTypes }: RoomFilters): Test[] => {
  const tests: ((room: ListedRoom) => boolean)[] = [];
  if (isEncrypted !== undefined) tests.push(({ card }) => card.isEncrypted === isEncrypted);
  if (isInvited !== undefined) tests.push(({ member }) => (member.membership === 'invite') === isInvited);
  if (roomTypes) tests.push(({ card }) => roomTypes.includes(card.roomType ?? null));
  if (notRoomTypes) tests.push(({ card }) => !notRoomTypes.includes(card.roomType ?? null));
  return tests;
};

const roomsIn = (direct: JsonObject | undefined): ReadonlySet<string> =>
  new Set(Object.values(direct ?? {}).flatMap((rooms) => (Array.isArray(rooms) ? rooms.filter(RoomId.is) : [])));

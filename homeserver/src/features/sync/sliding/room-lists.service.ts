import { RoomId, type UserId } from '@holm/spec/ids';
import { isObject, type JsonObject } from '@holm/spec/json';
import { LRUCache } from 'lru-cache';
import type { RoomEngine } from '../../../rooms/engine.ts';
import type { EventNid, Member, RoomNid } from '../../../rooms/model.ts';
import { departureOf } from '../standing.sync.ts';
import type { ListRequest, RoomFilters } from './request.ts';
import type { RoomCards } from './room-cards.service.ts';
import type { ListedRoom } from './listed-room.ts';
import type { Spaces } from './spaces.service.ts';

/** As much of account data as lists look at. */
export interface Settings {
  /** Changes with every change of an account. */
  versionOf(user: UserId): number;
  find(key: { userId: UserId; roomId: RoomId | undefined; type: string }): Promise<JsonObject | undefined>;
  /** Content by room. */
  ofRooms(user: UserId, type: string): Promise<ReadonlyMap<RoomId, JsonObject>>;
}

/** A user's rooms as they sort them. */
export interface Sorting {
  readonly dms: ReadonlySet<string>;
  /** Read when somebody asks for it. */
  readonly tags: () => Promise<ReadonlyMap<string, ReadonlySet<string>>>;
}

interface Known extends Sorting {
  readonly version: number;
}

const CACHED_USERS = 10_000;
const PUT_OUT = 50_000;

/** Which rooms somebody has, and which of them a list asks for. */
export class RoomLists {
  readonly #engine: Pick<RoomEngine, 'userRooms' | 'holds' | 'events'>;
  readonly #cards: RoomCards;
  readonly #settings: Settings;
  readonly #spaces: Spaces;
  /** By the event that put somebody out of a room. */
  readonly #wasThere = new LRUCache<EventNid, boolean>({ max: PUT_OUT });
  readonly #sortings = new LRUCache<UserId, Known>({ max: CACHED_USERS });

  constructor(
    engine: Pick<RoomEngine, 'userRooms' | 'holds' | 'events'>,
    { cards, settings, spaces }: { cards: RoomCards; settings: Settings; spaces: Spaces },
  ) {
    this.#engine = engine;
    this.#cards = cards;
    this.#settings = settings;
    this.#spaces = spaces;
  }

  /**
   * The most recent first. Whoever has left a room by themselves knows it: such rooms are listed only where a connection
   * has told of them. Who was banned without ever having been there is not told of the room at all.
   */
  async of(user: UserId, wasTold: (room: RoomNid) => boolean): Promise<ListedRoom[]> {
    const members = await this.#engine.userRooms.of(user);
    const cards = await this.#cards.of([...members.keys()]);
    const listed: ListedRoom[] = [];
    for (const [nid, member] of members) {
      const card = cards.get(nid);
      if (!card || this.#engine.holds.isHidden(card.roomId)) continue;
      if (wasTold(nid) || isOpenTo(member) || (await this.#wasPutOut(member))) listed.push({ card, member });
    }
    return listed.sort((a, b) => activityOf(b) - activityOf(a) || b.card.changed - a.card.changed);
  }

  /** Those that a list asks for, of all of a user's. */
  async matching(user: UserId, rooms: readonly ListedRoom[], { filters }: ListRequest): Promise<readonly ListedRoom[]> {
    const isWanted = await this.#filter(user, rooms, filters);
    return isWanted ? rooms.filter(isWanted) : rooms;
  }

  async sortingOf(userId: UserId): Promise<Sorting> {
    const version = this.#settings.versionOf(userId);
    const known = this.#sortings.get(userId);
    if (known?.version === version) return known;
    const content = await this.#settings.find({ userId, roomId: undefined, type: 'm.direct' });
    let tags: Promise<ReadonlyMap<string, ReadonlySet<string>>> | undefined;
    const sorting = { version, dms: roomsIn(content), tags: () => (tags ??= this.#tags(userId)) };
    this.#sortings.set(userId, sorting);
    return sorting;
  }

  async #tags(userId: UserId): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const byRoom = await this.#settings.ofRooms(userId, 'm.tag');
    return new Map(
      [...byRoom].map(([roomId, { tags }]) => [roomId, new Set(isObject(tags) ? Object.keys(tags) : [])] as const),
    );
  }

  /** Kicked or banned, after having been there. */
  async #wasPutOut(member: Member): Promise<boolean> {
    if (member.sender === member.userId) return false;
    const known = this.#wasThere.get(member.eventNid);
    if (known !== undefined) return known;
    const wasThere = (await departureOf(this.#engine.events, member)) !== undefined;
    this.#wasThere.set(member.eventNid, wasThere);
    return wasThere;
  }

  async #filter(
    user: UserId,
    rooms: readonly ListedRoom[],
    filters: RoomFilters,
  ): Promise<((room: ListedRoom) => boolean) | undefined> {
    const { spaces, tags, notTags } = filters;
    const tests = ownTests(filters);
    if (filters.isDm !== undefined) {
      const { dms } = await this.sortingOf(user);
      tests.push(({ card }) => dms.has(card.roomId) === filters.isDm);
    }
    if (tags ?? notTags) {
      const tagged = await (await this.sortingOf(user)).tags();
      const hasOne = (roomId: string, of: readonly string[]) => of.some((tag) => tagged.get(roomId)?.has(tag));
      tests.push(({ card }) => (!tags || hasOne(card.roomId, tags)) && !hasOne(card.roomId, notTags ?? []));
    }
    if (spaces) {
      const children = await this.#spaces.childrenOf(rooms, spaces);
      tests.push(({ card }) => children.has(card.roomId));
    }
    return tests.length === 0 ? undefined : (room) => tests.every((test) => test(room));
  }
}

const ownTests = ({ isEncrypted, isInvited, roomTypes, notRoomTypes }: RoomFilters) => {
  const tests: ((room: ListedRoom) => boolean)[] = [];
  if (isEncrypted !== undefined) tests.push(({ card }) => card.isEncrypted === isEncrypted);
  if (isInvited !== undefined) tests.push(({ member }) => (member.membership === 'invite') === isInvited);
  if (roomTypes) tests.push(({ card }) => roomTypes.includes(card.roomType ?? null));
  if (notRoomTypes) tests.push(({ card }) => !notRoomTypes.includes(card.roomType ?? null));
  return tests;
};

const isOpenTo = ({ membership }: Member): boolean => membership !== 'leave' && membership !== 'ban';

/** Whoever is not in a room sees no activity but what became of themselves. */
export const activityOf = ({ card, member }: ListedRoom): number =>
  member.membership === 'join' ? card.bump : member.position;

const roomsIn = (direct: JsonObject | undefined): ReadonlySet<string> =>
  new Set(Object.values(direct ?? {}).flatMap((rooms) => (Array.isArray(rooms) ? rooms.filter(RoomId.is) : [])));

import type { RoomId } from '@holm/spec/ids';
import type { RoomNid } from '../../../rooms/model.ts';
import type { RoomConfig, Scope, SlidingRequest, Span } from './request.ts';
import type { ListedRoom } from './listed-room.ts';

/** A room that a request asks for, by lists or by name. */
export interface CoveredRoom {
  readonly listed: ListedRoom;
  readonly config: RoomConfig;
  readonly lists: readonly string[];
  readonly isSubscribed: boolean;
}

export interface ListWindow {
  readonly count: number;
  readonly spans: readonly { readonly span: Span; readonly roomIds: readonly RoomId[] }[];
}

/** Puts together which rooms a request asks for, and with which configuration each. */
export class Cover {
  readonly windows = new Map<string, ListWindow>();
  readonly #lists = new Map<RoomNid, string[]>();
  readonly #rooms = new Map<RoomNid, ListedRoom>();
  readonly #subscribed = new Set<RoomNid>();
  readonly #request: Pick<SlidingRequest, 'lists' | 'subscriptions'>;
  readonly #configs = new Map<string, RoomConfig>();

  constructor(request: Pick<SlidingRequest, 'lists' | 'subscriptions'>) {
    this.#request = request;
  }

  list(name: string, matching: readonly ListedRoom[], spans: readonly Span[] | undefined): void {
    const all: Span = [0, Math.max(matching.length - 1, 0)];
    const windows = (spans ?? [all]).map((span) => {
      const rooms = matching.slice(span[0], span[1] + 1);
      for (const room of rooms) this.#add(name, room);
      return { span, roomIds: rooms.map(({ card }) => card.roomId) };
    });
    this.windows.set(name, { count: matching.length, spans: windows });
  }

  /** Rooms that one may not see are left out without a word. */
  subscribe(listed: readonly ListedRoom[]): void {
    if (this.#request.subscriptions.size === 0) return;
    for (const room of listed) {
      if (!this.#request.subscriptions.has(room.card.roomId)) continue;
      this.#rooms.set(room.card.nid, room);
      this.#subscribed.add(room.card.nid);
    }
  }

  rooms(): ReadonlyMap<RoomNid, CoveredRoom> {
    const covered = new Map<RoomNid, CoveredRoom>();
    for (const [nid, listed] of this.#rooms) {
      const lists = this.#lists.get(nid) ?? [];
      const isSubscribed = this.#subscribed.has(nid);
      covered.set(nid, { listed, lists, isSubscribed, config: this.#config(lists, isSubscribed, listed) });
    }
    return covered;
  }

  #add(name: string, room: ListedRoom): void {
    const { nid } = room.card;
    const lists = this.#lists.get(nid);
    if (lists?.at(-1) === name) return; // ranges may overlap
    this.#rooms.set(nid, room);
    if (lists) lists.push(name);
    else this.#lists.set(nid, [name]);
  }

  /** The same object for rooms that are asked for in the same way. */
  #config(lists: readonly string[], isSubscribed: boolean, { card }: ListedRoom): RoomConfig {
    const key = isSubscribed ? JSON.stringify([lists, card.roomId]) : lists.join('\0');
    const known = this.#configs.get(key);
    if (known) return known;
    const configs = lists.flatMap((name) => this.#request.lists.get(name)?.config ?? []);
    const own = isSubscribed ? this.#request.subscriptions.get(card.roomId) : undefined;
    const config = together(own ? [...configs, own] : configs);
    this.#configs.set(key, config);
    return config;
  }
}

/** The most that any of them asks for. */
const together = (configs: readonly RoomConfig[]): RoomConfig => {
  const [only] = configs;
  if (configs.length === 1 && only) return only;
  const wishes = new Map(configs.flatMap((one) => one.wishes.map((wish) => [JSON.stringify(wish), wish] as const)));
  return {
    timelineLimit: Math.max(...configs.map(({ timelineLimit }) => timelineLimit)),
    wishes: [...wishes.values()],
  };
};

const ALL = '*';

/** Whether an extension tells of a room. */
export const isInScope = (scope: Scope, { lists, isSubscribed, listed }: CoveredRoom): boolean => {
  const byList = scope.lists === undefined || scope.lists.includes(ALL) ? lists.length > 0 : undefined;
  if (byList ?? lists.some((name) => scope.lists?.includes(name))) return true;
  const byName = scope.rooms === undefined || scope.rooms.includes(ALL) || scope.rooms.includes(listed.card.roomId);
  return isSubscribed && byName;
};

import type { RoomId } from '@holm/spec/ids';
import type { RoomNid } from '../../../rooms/model.ts';
import type { JsonText } from '../json-text.ts';
import type { ListedRoom } from './listed-room.ts';
import type { ListRequest, RoomConfig, Scope, SlidingRequest, Span } from './request.ts';

type Asked = Pick<SlidingRequest, 'lists' | 'subscriptions' | 'tellsLists'>;

/** How a room is asked for. */
export interface Rule {
  readonly config: RoomConfig;
  readonly lists: readonly string[];
  readonly isSubscribed: boolean;
}

/** A room that a request asks for, by lists or by name. */
export interface CoveredRoom extends Rule {
  readonly listed: ListedRoom;
}

export interface ListWindow {
  readonly count: number;
  /** With the ids of the rooms as a JSON array: of thousands of rooms that is not put together for each answer. */
  readonly spans: readonly { readonly span: Span; readonly roomIds: () => JsonText }[];
}

/** A list's rooms in its order. */
export interface OrderedList extends ListRequest {
  readonly name: string;
  readonly order: readonly ListedRoom[];
  /** As JSON. */
  readonly idsOf: (span: Span) => JsonText;
}

/** Which part of a list is asked for: all of it, if no other is named. */
const spansOf = ({ spans, order }: Pick<OrderedList, 'spans' | 'order'>): readonly Span[] =>
  spans ?? [[0, Math.max(order.length - 1, 0)]];

export const windowOf = (list: OrderedList): ListWindow => ({
  count: list.order.length,
  spans: spansOf(list).map((span) => ({ span, roomIds: () => list.idsOf(span) })),
});

/** Whether all rooms of a list are asked for, however they are ordered. */
export const isWhole = ({ spans, order }: Pick<OrderedList, 'spans' | 'order'>): boolean =>
  spans === undefined || spans.some(([first, last]) => first === 0 && last >= order.length - 1);

/** Puts together which rooms a request asks for, and with which configuration each. Equal rules are the same object. */
export class Cover {
  readonly rules = new Map<RoomNid, Rule>();
  readonly #asked: Asked;
  readonly #byLists = new Map<string, Rule>();

  constructor(asked: Asked, lists: readonly OrderedList[], subscribed: readonly ListedRoom[]) {
    this.#asked = asked;
    for (const list of lists) {
      for (const [first, last] of spansOf(list)) {
        for (let i = first; i <= last && i < list.order.length; i++) this.#add(list.name, list.order[i] as ListedRoom);
      }
    }
    for (const { card } of subscribed)
      this.rules.set(card.nid, this.#subscribed(card.roomId, this.rules.get(card.nid)));
  }

  #add(name: string, { card }: ListedRoom): void {
    const before = this.rules.get(card.nid)?.lists ?? [];
    if (before.at(-1) === name) return; // ranges may overlap
    const key = [...before, name].join('\0');
    let rule = this.#byLists.get(key);
    if (!rule) {
      const lists = [...before, name];
      rule = { lists, isSubscribed: false, config: this.#told(together(this.#configsOf(lists)), lists) };
      this.#byLists.set(key, rule);
    }
    this.rules.set(card.nid, rule);
  }

  #subscribed(roomId: RoomId, rule: Rule | undefined): Rule {
    const own = this.#asked.subscriptions.get(roomId);
    const lists = rule?.lists ?? [];
    const config = together([...this.#configsOf(lists), ...(own ? [own] : [])]);
    return { lists, isSubscribed: true, config: this.#told(config, lists) };
  }

  #told(config: RoomConfig, lists: readonly string[]): RoomConfig {
    return this.#asked.tellsLists ? { ...config, lists } : config;
  }

  #configsOf(lists: readonly string[]): RoomConfig[] {
    return lists.flatMap((name) => this.#asked.lists.get(name)?.config ?? []);
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

/** Whether an extension tells of whatever room is asked for. */
export const isEverywhere = ({ lists, rooms }: Scope): boolean =>
  (lists === undefined || lists.includes(ALL)) && (rooms === undefined || rooms.has(ALL));

/** Whether an extension tells of a room. */
export const isInScope = (scope: Scope, { lists, isSubscribed }: Rule, roomId: () => RoomId): boolean => {
  const byList = scope.lists === undefined || scope.lists.includes(ALL) ? lists.length > 0 : undefined;
  if (byList ?? lists.some((name) => scope.lists?.includes(name))) return true;
  const byName = scope.rooms === undefined || scope.rooms.has(ALL) || scope.rooms.has(roomId());
  return isSubscribed && byName;
};

import type { UserId } from '@holm/spec/ids';
import { allSoon, bothSoon, type Soon, soon } from '../../../platform/soon.ts';
import type { RoomNid } from '../../../rooms/model.ts';
import type { Connection } from './connection.ts';
import { Cover, isWhole, type ListWindow, type OrderedList, type Rule, windowOf } from './cover.ts';
import type { ListedRoom } from './listed-room.ts';
import type { SlidingRequest, Span } from './request.ts';
import type { RoomLists, Sorting } from './room-lists.service.ts';
import { idsText, type Roster, type RosterView } from './roster.ts';

interface Source {
  readonly view: RosterView;
  readonly version: number;
  readonly rooms: number;
  readonly isWhole: boolean;
}

type Asked = Pick<SlidingRequest, 'lists' | 'subscriptions'>;

interface Made {
  readonly roster: Roster;
  readonly standing: number;
  /** What was asked for, and as text. */
  asked: Asked;
  readonly text: string;
  /** The state of the connection that it was made on. */
  readonly gen: number;
  readonly sources: readonly Source[];
  readonly cover: Cover;
  /** The state of the connection that says of exactly these rooms that they are told of in each answer. */
  settledGen: number | undefined;
  dms: ReadonlySet<string>;
}

/** Which rooms a connection asks for now. */
export interface Following {
  readonly roster: Roster;
  readonly sorting: Sorting;
  readonly rules: ReadonlyMap<RoomNid, Rule>;
  readonly windows: ReadonlyMap<string, ListWindow>;
  /** Whether a list has the room, in its range or out of it, or the room is asked for by name. */
  readonly isOfInterest: (room: ListedRoom) => boolean;
  /** The connection is told of just these rooms, in this way: only what has changed since need be looked at. */
  readonly isSettled: boolean;
  /** To be told when a state of the connection says of these rooms that they are told of. */
  readonly settle: (gen: number) => void;
}

type Views = ReadonlyMap<string, RosterView>;

interface Found {
  readonly roster: Roster;
  readonly sorting: Sorting;
  readonly views: Views;
}

interface Sorted {
  readonly lists: readonly OrderedList[];
  readonly sources: readonly Source[];
  readonly left: readonly ListedRoom[];
}

/** What is said of lists that are as they were told. */
export const countsOf = ({ windows }: Following): ReadonlyMap<string, ListWindow> =>
  new Map([...windows].map(([name, { count }]) => [name, { count, spans: [] }]));

/** Keeps for each connection which rooms it asks for, until that may be other ones. */
export class Followings {
  readonly #lists: RoomLists;
  readonly #made = new WeakMap<Connection, Made>();

  constructor(lists: RoomLists) {
    this.#lists = lists;
  }

  /** At once, in the steady state. */
  of(user: UserId, request: SlidingRequest, connection: Connection): Soon<Following> {
    return soon(bothSoon(this.#lists.rosterOf(user), this.#lists.sortingOf(user)), ([roster, sorting]) =>
      soon(this.#views(roster, sorting, request), (views) =>
        this.#following(request, connection, { roster, sorting, views }),
      ),
    );
  }

  #following(request: SlidingRequest, connection: Connection, { roster, sorting, views }: Found): Following {
    const sorted = sort(request, roster, { views, connection });
    const known = this.#made.get(connection);
    const isKnown = known?.roster === roster && isStill(known, sorted, connection) && isSame(known, request);
    const made = isKnown ? known : this.#make(connection, { roster, request, sorted, sorting });
    made.asked = askedIn(request);
    const isSettled = made.settledGen === connection.gen && made.dms === sorting.dms;
    const settle = (gen: number) => {
      made.settledGen = gen;
      made.dms = sorting.dms;
    };
    const windows = new Map(sorted.lists.map((list) => [list.name, windowOf(list)]));
    const { rules } = made.cover;
    const isOfInterest = (room: ListedRoom) => {
      return rules.has(room.card.nid) || [...views.values()].some((view) => view.has(room));
    };
    return { roster, sorting, rules, windows, isOfInterest, isSettled, settle };
  }

  #views(roster: Roster, sorting: Sorting, { lists }: SlidingRequest): Soon<Views> {
    const asked = [...lists];
    return soon(
      allSoon(asked.map(([, { filters }]) => this.#lists.view(roster, filters, sorting))),
      (views) => new Map(asked.flatMap(([name], i) => (views[i] ? [[name, views[i]] as const] : []))),
    );
  }

  #make(
    connection: Connection,
    {
      roster,
      request,
      sorted,
      sorting,
    }: Omit<Found, 'views'> & { readonly request: SlidingRequest; readonly sorted: Sorted },
  ): Made {
    const made: Made = {
      roster,
      standing: roster.standing,
      asked: askedIn(request),
      text: textOf(request),
      gen: connection.gen,
      sources: sorted.sources,
      cover: new Cover(request, sorted.lists, subscribedIn(request, roster, sorted.left)),
      settledGen: undefined,
      dms: sorting.dms,
    };
    this.#made.set(connection, made);
    return made;
  }
}

const sort = (
  { lists }: SlidingRequest,
  roster: Roster,
  { views, connection }: { readonly views: Views; readonly connection: Connection },
): Sorted => {
  // Whoever has left a room by themselves knows it: such rooms are listed only where a connection has told of them.
  const left = [...roster.left].filter(({ card }) => connection.rooms.has(card.nid));
  const sorted = [...views].flatMap(([name, view]) => {
    const list = lists.get(name);
    if (!list) return [];
    const order = left.length === 0 ? view.order : view.orderWith(left);
    const idsOf = (span: Span) => (left.length === 0 ? view.idsOf(span) : idsText(order, span));
    return [{ ...list, name, view, order, idsOf }];
  });
  const sources = sorted.map(({ view, ...list }) => {
    return { view, version: view.version, rooms: view.rooms, isWhole: isWhole(list) };
  });
  return { lists: sorted, sources, left };
};

/** Whether the same rooms are asked for as before. */
const isStill = (made: Made, { sources, left }: Sorted, connection: Connection): boolean => {
  if (made.standing !== made.roster.standing) return false;
  if (left.length > 0 && made.gen !== connection.gen) return false;
  return sources.every(({ view, version, rooms, isWhole: isAll }, i) => {
    const before = made.sources[i];
    if (before?.view !== view) return false;
    return before.version === version || (before.isWhole && isAll && before.rooms === rooms);
  });
};

/** Rooms that one may not see are left out without a word. */
const subscribedIn = ({ subscriptions }: Asked, roster: Roster, left: readonly ListedRoom[]): ListedRoom[] =>
  [...subscriptions.keys()].flatMap((roomId) => {
    const listed = roster.find(roomId);
    return listed && (!roster.isLeft(listed) || left.includes(listed)) ? [listed] : [];
  });

/** Clients repeat what they ask for, mostly in the very same words: then it is the same object. */
const isSame = ({ asked, text }: Made, request: Asked): boolean =>
  (asked.lists === request.lists && asked.subscriptions === request.subscriptions) || text === textOf(request);

const askedIn = ({ lists, subscriptions }: Asked): Asked => ({ lists, subscriptions });

const textOf = ({ lists, subscriptions }: Asked): string => JSON.stringify([[...lists], [...subscriptions]]);

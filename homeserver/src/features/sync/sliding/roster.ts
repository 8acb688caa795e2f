import type { RoomId } from '@holm/spec/ids';
import type { Member, RoomNid } from '../../../rooms/model.ts';
import type { JsonText } from '../json-text.ts';
import { activityOf, type ListedRoom } from './listed-room.ts';
import type { Span } from './request.ts';
import type { Card } from './room-cards.service.ts';

/** A room that its user has left by themselves is in lists only where a connection has told of it. */
export type Kind = 'listed' | 'left';

interface Entry extends ListedRoom {
  card: Card;
  member: Member;
  kind: Kind;
  /** When the user came in, where that is known. */
  cameIn: number | undefined;
  /** By which it is sorted now. */
  activity: number;
}

/** The most recent first. */
const compare = (a: Entry, b: Entry): number => b.activity - a.activity || b.card.nid - a.card.nid;

export type Test = (room: ListedRoom) => boolean;

/** Those of a user's rooms that a list asks for, in its order. */
export class RosterView {
  readonly isWanted: Test;
  readonly #order: Entry[];
  readonly #ids = new Map<string, JsonText>();
  #idsAt = 0;
  /** Changes with the order, and with which rooms there are. */
  version = 0;
  /** Changes with which rooms there are. */
  rooms = 0;

  constructor(entries: Iterable<Entry>, isWanted: Test) {
    this.isWanted = isWanted;
    this.#order = [...entries].filter((entry) => this.#belongs(entry)).sort(compare);
  }

  get order(): readonly ListedRoom[] {
    return this.#order;
  }

  /** With some rooms more. */
  orderWith(left: readonly ListedRoom[]): readonly ListedRoom[] {
    const more = (left as readonly Entry[]).filter((entry) => this.isWanted(entry));
    return more.length === 0 ? this.#order : [...this.#order, ...more].sort(compare);
  }

  has(room: ListedRoom): boolean {
    return this.#order[this.#placeOf(room as Entry)] === room;
  }

  /** The ids of a part of it as JSON. */
  idsOf(span: Span): JsonText {
    const key = span.join();
    if (this.#idsAt !== this.version) this.#ids.clear();
    this.#idsAt = this.version;
    const text = this.#ids.get(key) ?? idsText(this.#order, span);
    if (this.#ids.size < MAX_TEXTS) this.#ids.set(key, text);
    return text;
  }

  /** Takes a room out of where it is, before that changes; its place, negative if it was not there. */
  take(entry: Entry): number {
    const place = this.#placeOf(entry);
    if (this.#order[place] !== entry) return -1;
    this.#order.splice(place, 1);
    return place;
  }

  /** Puts a room where it belongs now, if it does. */
  give(entry: Entry, before: number): void {
    const place = this.#belongs(entry) ? this.#placeOf(entry) : -1;
    if (place >= 0) this.#order.splice(place, 0, entry);
    if (place !== before) this.version += 1;
    if (place < 0 !== before < 0) this.rooms += 1;
  }

  #belongs(entry: Entry): boolean {
    return entry.kind === 'listed' && this.isWanted(entry);
  }

  #placeOf(entry: Entry): number {
    let [low, high] = [0, this.#order.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(this.#order[middle] as Entry, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const NONE: readonly ListedRoom[] = [];

const keepIf = (set: Set<Entry>, entry: Entry, isKept: boolean): void => {
  if (isKept) set.add(entry);
  else set.delete(entry);
};

/** Whether nothing in the room is newer than its user's own membership. */
const mayHaveComeLast = ({ card, member }: ListedRoom): boolean =>
  member.membership === 'join' && member.position > card.bump;

export const idsText = (order: readonly ListedRoom[], [first, last]: Span): JsonText =>
  JSON.stringify(order.slice(first, last + 1).map(({ card }) => card.roomId));

interface KeptView {
  readonly stamp: readonly unknown[];
  readonly view: RosterView;
}

/** Parts of a list whose texts are kept. */
const MAX_TEXTS = 4;
/** Clients have one to five lists. */
const MAX_VIEWS = 16;

/** What V8 takes for a roster of no rooms, for each room in it, and for a room's place in a list. */
const [BYTES, BYTES_PER_ROOM, BYTES_PER_PLACE] = [2_000, 250, 8];

/** A user's rooms, kept in the order of each of the lists that are asked for: a change moves one room. */
export class Roster {
  readonly #entries = new Map<RoomNid, Entry>();
  readonly #left = new Set<Entry>();
  readonly #unsettled = new Set<Entry>();
  readonly #views = new Map<string, KeptView>();
  /** Made when somebody asks for a room by its id. */
  #byId: Map<RoomId, Entry> | undefined;
  /** Changes with which rooms there are, and with what the user is to any of them. */
  standing = 0;

  /** What it takes in memory, roughly and at most. */
  get bytes(): number {
    return BYTES + this.#entries.size * (BYTES_PER_ROOM + this.#views.size * BYTES_PER_PLACE);
  }

  get nids(): Iterable<RoomNid> {
    return this.#entries.keys();
  }

  /** Those that the user has left. */
  get left(): Iterable<ListedRoom> {
    return this.#left;
  }

  /** Those of which it matters, and is not known yet, when the user came in. */
  get unsettled(): readonly ListedRoom[] {
    return this.#unsettled.size === 0 ? NONE : [...this.#unsettled].map(({ card, member }) => ({ card, member }));
  }

  isLeft(room: ListedRoom): boolean {
    return this.#left.has(room as Entry);
  }

  get(nid: RoomNid): ListedRoom | undefined {
    return this.#entries.get(nid);
  }

  find(roomId: RoomId): ListedRoom | undefined {
    this.#byId ??= new Map([...this.#entries.values()].map((entry) => [entry.card.roomId, entry]));
    return this.#byId.get(roomId);
  }

  /** Those for which `isWanted` holds, which decides by nothing else than the room and `stamp`. */
  view(name: string, stamp: readonly unknown[], isWanted: () => Test): RosterView {
    const known = this.#views.get(name);
    if (known?.stamp.length === stamp.length && known.stamp.every((part, i) => part === stamp[i])) return known.view;
    const view = new RosterView(this.#entries.values(), isWanted());
    this.#views.delete(name);
    this.#views.set(name, { stamp, view });
    const [oldest] = this.#views.size > MAX_VIEWS ? this.#views.keys() : [];
    if (oldest !== undefined) this.#views.delete(oldest);
    return view;
  }

  put(room: ListedRoom, kind: Kind): void {
    const { nid, roomId } = room.card;
    const known = this.#entries.get(nid);
    if (known?.member !== room.member || known.kind !== kind) this.standing += 1;
    const places = this.#takeFromViews(known);
    const cameIn = known?.member === room.member ? known.cameIn : undefined;
    const entry = known ?? { ...room, kind, cameIn, activity: 0 };
    Object.assign(entry, { ...room, kind, cameIn, activity: activityOf(room, cameIn) });
    this.#entries.set(nid, entry);
    this.#byId?.set(roomId, entry);
    keepIf(this.#left, entry, kind === 'left');
    keepIf(this.#unsettled, entry, cameIn === undefined && mayHaveComeLast(room));
    this.#giveToViews(entry, places);
  }

  /** A membership began then; nothing if it is another one by now. */
  cameIn(member: Member, cameIn: number): void {
    const entry = this.#entries.get(member.roomNid);
    if (entry?.member !== member) return;
    const places = this.#takeFromViews(entry);
    Object.assign(entry, { cameIn, activity: activityOf(entry, cameIn) });
    this.#unsettled.delete(entry);
    this.#giveToViews(entry, places);
  }

  remove(nid: RoomNid): void {
    const known = this.#entries.get(nid);
    if (!known) return;
    this.standing += 1;
    const places = this.#takeFromViews(known);
    known.kind = 'left';
    this.#giveToViews(known, places);
    this.#entries.delete(nid);
    this.#left.delete(known);
    this.#unsettled.delete(known);
    this.#byId?.delete(known.card.roomId);
  }

  #takeFromViews(entry: Entry | undefined): number[] {
    return [...this.#views.values()].map(({ view }) => (entry ? view.take(entry) : -1));
  }

  #giveToViews(entry: Entry, places: readonly number[]): void {
    let n = 0;
    for (const { view } of this.#views.values()) view.give(entry, places[n++] ?? -1);
  }
}

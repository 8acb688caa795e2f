import type { EventId, RoomId, UserId } from '@holm/spec/ids';
import type { Event } from '../../core/events/event.ts';
import type { RoomEventFilter } from '../../core/filters/event-filter.ts';
import { stateKey as keyString } from '../../core/state/state-key.ts';
import { listText, objectText } from '../../core/json/object-text.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { SnapshotId, StoredEvent } from '../../rooms/model.ts';
import type { Access } from '../../rooms/timeline/access.ts';
import type { Reader } from '../../rooms/relations/bundles.ts';
import type { Viewer } from '../../rooms/timeline/client-events.ts';
import { notFound } from '../../rooms/timeline/event-lookup.ts';
import type { Readers } from '../../rooms/timeline/readers.ts';
import { timelineToken } from '../../streams/tokens.ts';
import { parseRoomEventFilter } from './room-event-filter.ts';
import { type Administrators, unredactedEvent } from './unredacted.ts';
import { ToldMembers } from './told-members.ts';
import { type Backfill, walk, type Walk } from './walk.ts';

export interface RoomHistoryDeps {
  readonly engine: RoomEngine;
  readonly administrators: Administrators;
  readonly readers: Readers;
  readonly backfill: Backfill;
}

export interface MessagesQuery {
  readonly from?: string;
  readonly to?: string;
  readonly dir: 'b' | 'f';
  readonly limit?: number;
  readonly filter?: string;
}

const BOUNDS = { fallback: 10, maximum: 1000 };

/** What has been said in a room, for those who may know. Answers are JSON text: events are serialised once. */
export class RoomHistory {
  readonly #deps: RoomHistoryDeps;
  readonly #told = new ToldMembers();

  constructor(deps: RoomHistoryDeps) {
    this.#deps = deps;
  }

  /** A page of the timeline, from either end or from a token on. */
  async messages(caller: Viewer, roomId: RoomId, query: MessagesQuery): Promise<string> {
    const filter = parseRoomEventFilter(query.filter);
    const access = await this.#deps.engine.access.of(caller.userId, roomId);
    const reader = await this.#deps.readers.of(caller, access);
    const isWanted = !filter.isEmpty && filter.room(roomId);
    const way = { ...(await this.#wayOf(access, query)), limit: isWanted ? limitOf(query.limit, filter) : 0 };
    const { events, next, isOver } = await this.#walk(reader, access, way, filter);
    const end = isWanted && !isOver ? timelineToken(next) : undefined;
    const senders = filter.lazyLoadMembers ? await this.#sendersOf(access, events) : [];
    const before = this.#told.before(caller, access.room.nid, query.from);
    const state = filter.includeRedundantMembers ? senders : senders.filter(({ nid }) => !before.has(nid));
    if (end !== undefined)
      this.#told.tell(caller, access.room.nid, { end, told: senders.map(({ nid }) => nid), before });
    return objectText({
      chunk: await this.#list(events, reader),
      start: JSON.stringify(query.from ?? timelineToken(way.from)),
      end: JSON.stringify(end),
      ...(state.length > 0 && { state: await this.#stateList(state, caller) }),
    });
  }

  /**
   * One event. M_NOT_FOUND for what is not there, or not for this user. `unredacted`: as it was before it was redacted,
   * for those who may redact.
   */
  async event(
    caller: Viewer,
    roomId: RoomId,
    eventId: EventId,
    { unredacted = false }: { readonly unredacted?: boolean } = {},
  ): Promise<string> {
    const { lookup, presenter } = this.#deps.engine;
    const access = await lookup.accessOrNothing(caller.userId, roomId);
    const reader = await this.#deps.readers.of(caller, access);
    const found = await lookup.event(reader, access, eventId);
    const event = unredacted
      ? await unredactedEvent(this.#deps, { caller: caller.userId, access, event: found })
      : found;
    return (await presenter.full(reader, [event])).join();
  }

  /** An event with what was said around it. */
  async context(
    caller: Viewer,
    { roomId, eventId }: { readonly roomId: RoomId; readonly eventId: EventId },
    query: Pick<MessagesQuery, 'filter' | 'limit'>,
  ): Promise<string> {
    const filter = parseRoomEventFilter(query.filter);
    const { lookup } = this.#deps.engine;
    const access = await lookup.accessOrNothing(caller.userId, roomId);
    const reader = await this.#deps.readers.of(caller, access);
    const event = await lookup.event(reader, access, eventId);
    const { ord } = event;
    if (ord === undefined) throw notFound();
    const limit = filter.isEmpty || !filter.room(roomId) ? 0 : limitOf(query.limit, filter);
    const around = (way: Walk) => this.#walk(reader, access, way, filter);
    const before = await around({ from: ord - 1, direction: 'back', limit: Math.floor(limit / 2) });
    const after = await around({ from: ord, direction: 'forward', limit: Math.ceil(limit / 2) });
    const shown = [...before.events.toReversed(), event, ...after.events];
    const events = [...before.events, event, ...after.events];
    const texts = await this.#deps.engine.presenter.full(reader, events);
    return objectText({
      start: JSON.stringify(timelineToken(before.next)),
      end: JSON.stringify(timelineToken(after.next)),
      events_before: listText(texts.slice(0, events.indexOf(event))),
      event: texts[events.indexOf(event)] ?? '{}',
      events_after: listText(texts.slice(events.indexOf(event) + 1)),
      state: await this.#stateList(await this.#stateAround(access, shown, filter), caller),
    });
  }

  async #wayOf(access: Access, { dir, from, to }: MessagesQuery): Promise<Omit<Walk, 'limit'>> {
    const direction = dir === 'b' ? 'back' : 'forward';
    return {
      direction,
      from: from === undefined ? edgeOf(access, direction) : await this.#deps.engine.lookup.place(access, from),
      to: to === undefined ? undefined : await this.#deps.engine.lookup.place(access, to),
    };
  }

  #walk(reader: Reader, access: Access, way: Walk, filter: RoomEventFilter) {
    return walk({ ...this.#deps, reader, filter }, access, way);
  }

  async #list(events: readonly StoredEvent[], reader: Reader): Promise<string> {
    return listText(await this.#deps.engine.presenter.full(reader, events));
  }

  async #stateList(events: readonly StoredEvent[], viewer: Viewer): Promise<string> {
    return listText(await this.#deps.engine.clientEvents.full(events, viewer));
  }

  /** The membership events of who speaks in `events`. */
  async #sendersOf(access: Access, events: readonly StoredEvent[]): Promise<StoredEvent[]> {
    const { states } = this.#deps.engine;
    const snapshot = snapshotOf(events.toSorted(byPlace), access);
    const keys = [...new Set(events.map(({ event }) => event.sender))].map((user) => ['m.room.member', user] as const);
    if (keys.length === 0) return [];
    const then = await states.view(access.room, snapshot, keys);
    const missing = keys.filter((key) => !then.has(keyString(...key)));
    const now = missing.length === 0 ? [] : (await states.view(access.room, access.snapshot, missing)).values();
    return [...then.values(), ...now];
  }

  /** The state at the last of `events`, which are in order. */
  async #stateAround(access: Access, events: readonly StoredEvent[], filter: RoomEventFilter): Promise<StoredEvent[]> {
    const all = withLast(await this.#deps.engine.states.all(snapshotOf(events, access)), events.at(-1));
    const state = all.filter(({ event }) => filter.event(event));
    if (!filter.lazyLoadMembers) return state;
    const senders = new Set(events.map(({ event }) => event.sender));
    return state.filter(({ event }) => event.type !== 'm.room.member' || senders.has(event.stateKey as UserId));
  }
}

const byPlace = (a: StoredEvent, b: StoredEvent): number => (a.ord ?? 0) - (b.ord ?? 0);

/** The state before the last of `events`, which are in order. */
const snapshotOf = (events: readonly StoredEvent[], { snapshot }: Access): SnapshotId =>
  events.at(-1)?.snapshot ?? snapshot;

const edgeOf = ({ room: { head }, until }: Access, direction: Walk['direction']): number =>
  direction === 'back' ? (until ?? head.lastOrd) : head.firstOrd - 1;

const limitOf = (asked: number | undefined, filter: RoomEventFilter): number =>
  asked === undefined ? filter.limit(BOUNDS) : Math.min(asked, BOUNDS.maximum);

/** The state before an event, with what the event itself sets. */
const withLast = (state: readonly StoredEvent[], last: StoredEvent | undefined): readonly StoredEvent[] =>
  last?.event.stateKey === undefined || last.status !== 'accepted'
    ? state
    : [...state.filter(({ event }) => !isSameKey(event, last.event)), last];

const isSameKey = (one: Event, other: Event): boolean => one.type === other.type && one.stateKey === other.stateKey;

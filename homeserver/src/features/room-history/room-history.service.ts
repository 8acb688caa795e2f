import { MatrixError } from '@holm/spec/errors';
import type { EventId, RoomId, UserId } from '@holm/spec/ids';
import type { RoomEventFilter } from '../../core/filters/event-filter.ts';
import { stateKey as keyString } from '../../core/state/state-key.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { SnapshotId, StoredEvent } from '../../rooms/model.ts';
import type { Access } from '../../rooms/timeline/access.ts';
import type { Viewer } from '../../rooms/timeline/client-events.ts';
import { parsePlace, timelineToken } from '../../streams/tokens.ts';
import { parseRoomEventFilter } from './room-event-filter.ts';
import { type Administrators, unredactedEvent } from './unredacted.ts';
import { type Backfill, walk, type Walk } from './walk.ts';

export interface RoomHistoryDeps {
  readonly engine: RoomEngine;
  readonly administrators: Administrators;
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

  constructor(deps: RoomHistoryDeps) {
    this.#deps = deps;
  }

  /** A page of the timeline, from either end or from a token on. */
  async messages(caller: Viewer, roomId: RoomId, query: MessagesQuery): Promise<string> {
    const filter = parseRoomEventFilter(query.filter);
    const access = await this.#deps.engine.access.of(caller.userId, roomId);
    const isWanted = !filter.isEmpty && filter.room(roomId);
    const way = { ...(await this.#wayOf(access, query)), limit: isWanted ? limitOf(query.limit, filter) : 0 };
    const { events, next, isOver } = await this.#walk(caller.userId, access, way, filter);
    const state = filter.lazyLoadMembers ? await this.#sendersOf(access, events) : [];
    return objectText({
      chunk: await this.#list(events, caller),
      start: JSON.stringify(query.from ?? timelineToken(way.from)),
      ...(isWanted && !isOver && { end: JSON.stringify(timelineToken(next)) }),
      ...(state.length > 0 && { state: await this.#list(state, caller) }),
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
    const access = await this.#accessOrNothing(caller.userId, roomId);
    const found = await this.#find(caller.userId, access, eventId);
    const event = unredacted
      ? await unredactedEvent(this.#deps, { caller: caller.userId, access, event: found })
      : found;
    const [text = '{}'] = await this.#deps.engine.clientEvents.full([event], caller);
    return text;
  }

  /** An event with what was said around it. */
  async context(
    caller: Viewer,
    { roomId, eventId }: { readonly roomId: RoomId; readonly eventId: EventId },
    query: Pick<MessagesQuery, 'filter' | 'limit'>,
  ): Promise<string> {
    const filter = parseRoomEventFilter(query.filter);
    const access = await this.#accessOrNothing(caller.userId, roomId);
    const event = await this.#find(caller.userId, access, eventId);
    const { ord } = event;
    if (ord === undefined) throw notFound();
    const limit = filter.isEmpty || !filter.room(roomId) ? 0 : limitOf(query.limit, filter);
    const around = (way: Walk) => this.#walk(caller.userId, access, way, filter);
    const before = await around({ from: ord - 1, direction: 'back', limit: Math.floor(limit / 2) });
    const after = await around({ from: ord, direction: 'forward', limit: Math.ceil(limit / 2) });
    const shown = [...before.events.toReversed(), event, ...after.events];
    return objectText({
      start: JSON.stringify(timelineToken(before.next)),
      end: JSON.stringify(timelineToken(after.next)),
      events_before: await this.#list(before.events, caller),
      event: (await this.#deps.engine.clientEvents.full([event], caller)).join(),
      events_after: await this.#list(after.events, caller),
      state: await this.#list(await this.#stateAround(access, shown, filter), caller),
    });
  }

  async #wayOf(access: Access, { dir, from, to }: MessagesQuery): Promise<Omit<Walk, 'limit'>> {
    const direction = dir === 'b' ? 'back' : 'forward';
    return {
      direction,
      from: from === undefined ? edgeOf(access, direction) : await this.#placeOf(access, from),
      to: to === undefined ? undefined : await this.#placeOf(access, to),
    };
  }

  #walk(user: UserId, access: Access, way: Walk, filter: RoomEventFilter) {
    return walk({ ...this.#deps, user, filter }, access, way);
  }

  async #list(events: readonly StoredEvent[], viewer: Viewer): Promise<string> {
    return `[${(await this.#deps.engine.clientEvents.full(events, viewer)).join(',')}]`;
  }

  async #placeOf({ room }: Access, token: string): Promise<number> {
    const place = parsePlace(token);
    if (place.kind === 'timeline') return place.after;
    const [events] = place.positions;
    if (events === undefined) throw new MatrixError('M_INVALID_PARAM', 'this token says nothing of events');
    return this.#deps.engine.timeline.placeAt(room, events);
  }

  /** As the engine's access, in the error that these operations have: what one may not see is not there. */
  async #accessOrNothing(user: UserId, roomId: RoomId): Promise<Access> {
    return this.#deps.engine.access.of(user, roomId).catch((error: unknown) => {
      throw error instanceof MatrixError && error.errcode === 'M_FORBIDDEN' ? notFound() : error;
    });
  }

  async #find(user: UserId, access: Access, eventId: EventId): Promise<StoredEvent> {
    const { events, visible } = this.#deps.engine;
    const event = await events.byId(eventId);
    if (event?.roomNid !== access.room.nid || event.status === 'rejected') throw notFound();
    const isPlaced = event.ord !== undefined && event.snapshot !== undefined;
    const isSeen = isPlaced
      ? (await visible.toUser(user, access.room, [event])).length > 0
      : await this.#isInState(access, event);
    if (!isSeen) throw notFound();
    return event;
  }

  /** State from before this server came into the room has no place in its timeline. */
  async #isInState({ room, snapshot }: Access, { nid, event }: StoredEvent): Promise<boolean> {
    if (event.stateKey === undefined) return false;
    const inState = await this.#deps.engine.states.get(room, snapshot, [event.type, event.stateKey]);
    return inState?.nid === nid;
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
    const all = await this.#deps.engine.states.all(snapshotOf(events, access));
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

/** An object whose values are JSON texts. */
const objectText = (values: Readonly<Record<string, string>>): string =>
  `{${Object.entries(values)
    .map(([name, text]) => `"${name}":${text}`)
    .join(',')}}`;

const notFound = () => new MatrixError('M_NOT_FOUND', 'there is no such event, or it is not for you');

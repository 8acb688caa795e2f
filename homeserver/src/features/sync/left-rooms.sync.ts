import type { UserId } from '@holm/spec/ids';
import { membershipOf } from '../../core/events/content.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { Departure } from '../../rooms/members/stays.ts';
import type { Readers } from '../../rooms/timeline/readers.ts';
import type { Member, StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Position } from '../../streams/stream.ts';
import type { RoomNews } from '../../streams/sync-part.ts';
import { timelineToken } from '../../streams/tokens.ts';
import { filterable, readerTextsOf, textsOf } from './event-texts.sync.ts';
import { arrayOf, eventsOf, type JsonText, objectOf } from './json-text.ts';
import { roomAccountDataOf } from './loose-events.sync.ts';
import { ownEventOf, wasJoinedBefore } from './standing.sync.ts';
import type { Delta, StateDeltas } from './state-deltas.sync.ts';
import { type Timelines, timelineText, wishOf } from './timelines.sync.ts';
import type { View } from './view.sync.ts';

export interface LeftRoomsDeps {
  readonly engine: RoomEngine;
  readonly readers: Readers;
  readonly timelines: Timelines;
  readonly deltas: StateDeltas;
}

interface About {
  readonly member: Member;
  readonly news: RoomNews | undefined;
}

interface Ended {
  /** What became of the user last, if an event says so. */
  readonly own: StoredEvent | undefined;
  /** What the user keeps of the room: leaving takes nothing of it away. */
  readonly accountData: JsonText;
}

/** What a sync says of a room that its user has left, or was kept from entering. */
export class LeftRooms {
  readonly #deps: LeftRoomsDeps;

  constructor(deps: LeftRoomsDeps) {
    this.#deps = deps;
  }

  async section(view: View, room: Room, { member, news }: About): Promise<JsonText | undefined> {
    const { events, stays } = this.#deps.engine;
    const accountData = eventsOf(roomAccountDataOf(view.filter, room.roomId, news));
    const departure = await stays.departureOf(member);
    const own = await ownEventOf(events, member);
    if (departure && isNewIn(view, room, departure)) return this.#stay(view, room, { departure, own, accountData });
    // Who has left before, or never was there, sees of the room only what became of themselves.
    const isNothing = view.after === undefined && departure === undefined && own === undefined;
    return isNothing ? undefined : this.#outside(view, room, { departure, own, accountData });
  }

  /** Somebody was asked back by whom they ignore: that they had left before is news all the same. */
  async beforeInvite(view: View, room: Room, { member, news }: About): Promise<JsonText | undefined> {
    if (view.after === undefined && !view.filter.room.includeLeave) return undefined;
    const departure = await this.#deps.engine.stays.departureOf(member);
    if (!departure || !isNewIn(view, room, departure)) return undefined;
    const accountData = eventsOf(roomAccountDataOf(view.filter, room.roomId, news));
    return this.#stay(view, room, { departure, own: undefined, accountData });
  }

  /** The room's end, as the user saw it, and what became of them after that: who was kicked may have been banned, too. */
  async #stay(
    view: View,
    room: Room,
    { departure, own, accountData }: Ended & { departure: Departure },
  ): Promise<JsonText> {
    const { engine, readers, timelines, deltas } = this.#deps;
    const { after, viewer, filter } = view;
    const wasThere = after !== undefined && (await wasJoinedBefore(engine.events, departure.join, after));
    const since = wasThere ? after : undefined;
    const upTo = departure.event.position as Position;
    const reader = await readers.of(viewer, { room, until: departure.event.ord });
    const shown = { after: since, upTo, lastOrd: departure.event.ord };
    const stretch = await timelines.read(room, shown, wishOf(engine, reader, filter));
    const seen = new Set(await reader.sight.see(stretch.events));
    const visible = stretch.events.filter((event) => seen.has(event) || event.nid === departure.event.nid);
    const window = { after: view.fullState ? undefined : since, upTo, timeline: visible, field: view.stateField };
    const isLazy = filter.room.state.lazyLoadMembers;
    const delta = await deltas.get(room, window, { withMembers: !isLazy });
    const events = visible.slice(delta.overtaken);
    const overtaken = visible[delta.overtaken - 1];
    const members = isLazy ? await deltas.members(room, delta.target, membersFor(view, delta, events)) : [];
    const later = tellingOf(view, own, departure.event);
    const state = [...delta.events, ...members].filter(isNotReplacedBy(later.state));
    const wanted = [...state, ...later.state].filter(({ event }) => filter.room.state.event(filterable(event)));
    const limited = stretch.limited || overtaken !== undefined || (after !== undefined && !wasThere);
    const prevBatch = overtaken ? timelineToken(overtaken.ord ?? 0) : stretch.prevBatch;
    const told = { reader, events: [...events, ...later.timeline], withRelations: limited };
    const texts = await readerTextsOf(engine.presenter, told, filter);
    return objectOf({
      [view.stateField]: eventsOf(await textsOf(engine.clientEvents, wanted, filter)),
      timeline: timelineText(texts.join(','), { limited, prevBatch }),
      account_data: accountData,
    });
  }

  async #outside(
    view: View,
    room: Room,
    { departure, own, accountData }: Ended & { departure: Departure | undefined },
  ): Promise<JsonText> {
    const { clientEvents, presenter } = this.#deps.engine;
    const { filter } = view;
    const { state, timeline } = tellingOf(view, own);
    const wanted = state.filter(({ event }) => filter.room.state.event(filterable(event)));
    const reader = await this.#deps.readers.of(view.viewer, { room });
    const texts = await readerTextsOf(presenter, { reader, events: timeline, withRelations: false }, filter);
    return objectOf({
      [view.stateField]: eventsOf(await textsOf(clientEvents, wanted, filter)),
      timeline: objectOf({
        events: arrayOf(texts),
        limited: `${departure !== undefined && (await this.#wasAskedBack(own))}`,
        prev_batch: own?.ord === undefined ? undefined : JSON.stringify(timelineToken(own.ord - 1)),
      }),
      account_data: accountData,
    });
  }

  /** Who was invited when they were told last, or knocked, has been told of that and nothing else: not how they had left before. */
  async #wasAskedBack(own: StoredEvent | undefined): Promise<boolean> {
    const before = own?.replaces === undefined ? undefined : await this.#deps.engine.events.byNid(own.replaces);
    const membership = before && membershipOf(before.event);
    return membership === 'invite' || membership === 'knock';
  }
}

const isNewIn = ({ after }: View, { head }: Room, { event: { position } }: Departure): boolean =>
  head !== undefined && position !== undefined && position > (after ?? -1);

interface Telling {
  readonly timeline: readonly StoredEvent[];
  readonly state: readonly StoredEvent[];
}

const NOT_TOLD: Telling = { timeline: [], state: [] };

/** Where a change of state has its place that is told beside what is shown: as state, too, unless the timeline leads there. */
const tellingOf = ({ filter, stateField }: View, own: StoredEvent | undefined, shown?: StoredEvent): Telling => {
  if (!own || own.nid === shown?.nid) return NOT_TOLD;
  const timeline = filter.room.timeline.event(filterable(own.event)) ? [own] : [];
  return { timeline, state: stateField === 'state' ? [own].slice(timeline.length) : [own] };
};

const isNotReplacedBy = (later: readonly StoredEvent[]): ((event: StoredEvent) => boolean) => {
  const keys = new Set(later.map(({ keyNumber }) => keyNumber));
  return ({ keyNumber }) => !keys.has(keyNumber);
};

/** Whoever speaks in what is shown; it is shown once, so that it does not matter whom the reader knows. */
const membersFor = ({ viewer }: View, { events, isWhole }: Delta, timeline: readonly StoredEvent[]): Set<UserId> => {
  const told = new Set(events.flatMap(({ event }) => (event.type === 'm.room.member' ? (event.stateKey ?? []) : [])));
  const senders = timeline.map(({ event }) => event.sender).filter((sender) => sender !== viewer.userId);
  return new Set([...(isWhole ? [viewer.userId] : []), ...senders].filter((user) => !told.has(user)));
};

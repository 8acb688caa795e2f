import type { UserId } from '@holm/spec/ids';
import { membershipOf } from '../../core/events/content.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { Readers } from '../../rooms/timeline/readers.ts';
import type { Member, StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Position } from '../../streams/stream.ts';
import type { RoomNews } from '../../streams/sync-part.ts';
import { timelineToken } from '../../streams/tokens.ts';
import { filterable, readerTextsOf, textsOf } from './event-texts.sync.ts';
import { arrayOf, eventsOf, type JsonText, objectOf } from './json-text.ts';
import { roomAccountDataOf } from './loose-events.sync.ts';
import { type Departure, departureOf, wasJoinedBefore } from './standing.sync.ts';
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
    const { events } = this.#deps.engine;
    const accountData = eventsOf(roomAccountDataOf(view.filter, room.roomId, news));
    const departure = await departureOf(events, member);
    const position = departure?.event.position;
    const isNews = position !== undefined && position > (view.after ?? -1) && room.head !== undefined;
    if (isNews) return this.#stay(view, room, { departure: departure as Departure, accountData });
    // Who has left before, or never was there, sees of the room only what became of themselves.
    const isNothing = view.after === undefined && departure === undefined;
    return isNothing ? undefined : this.#ownEvent(view, room, { member, accountData });
  }

  /** The room's end, as the user saw it. */
  async #stay(view: View, room: Room, { departure, accountData }: Ended & { departure: Departure }): Promise<JsonText> {
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
    const state = [...delta.events, ...members].filter(({ event }) => filter.room.state.event(filterable(event)));
    const limited = stretch.limited || overtaken !== undefined || (after !== undefined && !wasThere);
    const prevBatch = overtaken ? timelineToken(overtaken.ord ?? 0) : stretch.prevBatch;
    const texts = await readerTextsOf(engine.presenter, { reader, events, withRelations: limited }, filter);
    return objectOf({
      [view.stateField]: eventsOf(await textsOf(engine.clientEvents, state, filter)),
      timeline: timelineText(texts.join(','), { limited, prevBatch }),
      account_data: accountData,
    });
  }

  async #ownEvent(view: View, room: Room, { member, accountData }: Ended & { member: Member }): Promise<JsonText> {
    const { events, presenter } = this.#deps.engine;
    const own = await events.byNid(member.eventNid);
    // Where state resolution took a join back, there is no event that says so.
    const isWanted =
      own !== undefined && membershipOf(own.event) !== 'join' && view.filter.room.timeline.event(filterable(own.event));
    const reader = await this.#deps.readers.of(view.viewer, { room });
    const told = { reader, events: isWanted ? [own] : [], withRelations: false };
    const texts = await readerTextsOf(presenter, told, view.filter);
    return objectOf({
      [view.stateField]: eventsOf([]),
      timeline: objectOf({
        events: arrayOf(texts),
        limited: 'false',
        prev_batch: own?.ord === undefined ? undefined : JSON.stringify(timelineToken(own.ord - 1)),
      }),
      account_data: accountData,
    });
  }
}

/** Whoever speaks in what is shown; it is shown once, so that it does not matter whom the reader knows. */
const membersFor = ({ viewer }: View, { events, isWhole }: Delta, timeline: readonly StoredEvent[]): Set<UserId> => {
  const told = new Set(events.flatMap(({ event }) => (event.type === 'm.room.member' ? (event.stateKey ?? []) : [])));
  const senders = timeline.map(({ event }) => event.sender).filter((sender) => sender !== viewer.userId);
  return new Set([...(isWhole ? [viewer.userId] : []), ...senders].filter((user) => !told.has(user)));
};

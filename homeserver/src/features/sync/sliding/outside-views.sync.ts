import { membershipOf } from '../../../core/events/content.ts';
import { isObject, type JsonObject } from '@holm/spec/json';
import type { RoomEngine } from '../../../rooms/engine.ts';
import type { Member, StoredEvent } from '../../../rooms/model.ts';
import type { Readers } from '../../../rooms/timeline/readers.ts';
import type { Position } from '../../../streams/stream.ts';
import { timelineToken } from '../../../streams/tokens.ts';
import { readerTextsOf } from '../event-texts.sync.ts';
import type { InvitedRooms } from '../invited-rooms.sync.ts';
import { type Departure, departureOf, wasJoinedBefore } from '../standing.sync.ts';
import type { Timelines } from '../timelines.sync.ts';
import type { RoomAnswer } from './room-answer.ts';
import type { RoomStates } from './room-state.sync.ts';
import { type Ask, liveAmong, type RoomView, viewOf } from './room-views.sync.ts';

export interface OutsideViewsDeps {
  readonly engine: RoomEngine;
  readonly readers: Readers;
  readonly invited: InvitedRooms;
  readonly timelines: Timelines;
  readonly states: RoomStates;
}

/** What is told of a room that its reader is not in: invited to, asking to be let in, or not there any more. */
export class OutsideViews {
  readonly #deps: OutsideViewsDeps;

  constructor(deps: OutsideViewsDeps) {
    this.#deps = deps;
  }

  async invited(ask: Ask): Promise<RoomView | undefined> {
    const { room, member, told } = ask;
    if (told !== undefined && member.position <= told.at) return undefined;
    const stripped = await this.#deps.invited.stripped(ask, room, member);
    const answer: RoomAnswer = {
      membership: member.membership,
      isInitial: true,
      bump: member.position,
      ...(ask.isDm && { isDm: true }),
      ...namesIn(stripped),
      stripped,
    };
    return { answer, ...NOTHING_KEPT };
  }

  /** Told once: the room's end, as its reader saw it. */
  async left(ask: Ask): Promise<RoomView | undefined> {
    const { member, told, room } = ask;
    const { events } = this.#deps.engine;
    if (told !== undefined && member.position <= told.at) return undefined;
    const departure = await departureOf(events, member);
    const position = departure?.event.position;
    const isNews = position !== undefined && position > (told?.at ?? -1) && room.head !== undefined;
    if (isNews) return this.#stay(ask, departure as Departure, position);
    return this.#ownEvent(ask, await events.byNid(member.eventNid));
  }

  async #stay(ask: Ask, departure: Departure, upTo: Position): Promise<RoomView> {
    const { engine, readers, timelines, states } = this.#deps;
    const { room, viewer, told, config } = ask;
    const wasThere = told !== undefined && (await wasJoinedBefore(engine.events, departure.join, told.at));
    const since = wasThere ? told.at : undefined;
    const { filter } = viewOf(ask, since);
    const { ord: lastOrd } = departure.event;
    const reader = await readers.of(viewer, { room, until: lastOrd });
    const stretch = await timelines.read(room, { after: since, upTo, lastOrd }, { filter, ignored: reader.ignored });
    const seen = new Set(await reader.sight.see(stretch.events));
    const events = stretch.events.filter((event) => seen.has(event) || event.nid === departure.event.nid);
    const limited = stretch.limited || (told !== undefined && !wasThere);
    const texts = await readerTextsOf(engine.presenter, { reader, events, withRelations: limited }, filter);
    const { events: state } = await states.change(room, {
      before: since === undefined ? undefined : await engine.stateLogs.at(room, since),
      after: await engine.stateLogs.at(room, upTo),
      wishes: config.wishes,
      toldWishes: config.wishes,
      isGapless: !limited,
    });
    return {
      answer: {
        ...leaving(ask.member),
        isInitial: since === undefined,
        state: await engine.clientEvents.shared(state),
        timeline: {
          text: texts.join(','),
          limited,
          prevBatch: stretch.prevBatch,
          live: liveAmong(events, told?.at ?? ask.since),
          isExpanded: false,
        },
      },
      ...NOTHING_KEPT,
    };
  }

  /** Who never was there sees of the room only what became of themselves. */
  async #ownEvent(ask: Ask, own: StoredEvent | undefined): Promise<RoomView> {
    const { readers, engine } = this.#deps;
    const isTold = own !== undefined && membershipOf(own.event) !== 'join';
    const reader = await readers.of(ask.viewer, { room: ask.room });
    const { filter } = viewOf(ask, undefined);
    const told = { reader, events: isTold ? [own] : [], withRelations: false };
    const texts = await readerTextsOf(engine.presenter, told, filter);
    // An invitation that was declined, say, to a room of which this server knows nothing else.
    const prevBatch = own?.ord === undefined ? undefined : timelineToken(own.ord - 1);
    const timeline = { text: texts.join(','), limited: false, prevBatch, live: texts.length, isExpanded: false };
    return {
      answer: { ...leaving(ask.member), isInitial: false, state: texts, timeline },
      ...NOTHING_KEPT,
    };
  }
}

/** Who comes into the room later has it all to learn. */
const NOTHING_KEPT = { limit: 0, members: [], startsOver: true, shown: [] } as const;

const leaving = ({ membership, position }: Member) => ({ membership, bump: position });

/** Name and picture, as outsiders are told of them. */
const namesIn = (stripped: readonly string[]): Pick<RoomAnswer, 'name' | 'avatar'> => {
  const events = stripped.map((text) => JSON.parse(text) as JsonObject);
  const find = (type: string, field: string): string | undefined => {
    const content = events.find((event) => event['type'] === type)?.['content'];
    const value = isObject(content) ? content[field] : undefined;
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  return { name: find('m.room.name', 'name'), avatar: find('m.room.avatar', 'url') };
};

import { isObject, type JsonObject } from '@holm/spec/json';
import type { RoomEngine } from '../../../rooms/engine.ts';
import type { Departure } from '../../../rooms/members/stays.ts';
import type { Member, StoredEvent } from '../../../rooms/model.ts';
import type { Readers } from '../../../rooms/timeline/readers.ts';
import type { Position } from '../../../streams/stream.ts';
import { timelineToken } from '../../../streams/tokens.ts';
import { readerTextsOf } from '../event-texts.sync.ts';
import type { InvitedRooms } from '../invited-rooms.sync.ts';
import { ownEventOf, wasJoinedBefore } from '../standing.sync.ts';
import type { Timelines } from '../timelines.sync.ts';
import { leaveText } from './leave-text.ts';
import type { RoomAnswer } from './room-answer.ts';
import type { RoomFacts } from './room-facts.sync.ts';
import type { RoomStates } from './room-state.sync.ts';
import { type Ask, askerOf, dmNewsOf, isInOtherLists, liveAmong, type RoomView, viewOf } from './room-views.sync.ts';
import { isLazy } from './state-wish.ts';

export interface OutsideViewsDeps {
  readonly engine: RoomEngine;
  readonly readers: Readers;
  readonly invited: InvitedRooms;
  readonly timelines: Timelines;
  readonly states: RoomStates;
  readonly facts: RoomFacts;
}

/** What is told of a room that its reader is not in: invited to, asking to be let in, or not there any more. */
export class OutsideViews {
  readonly #deps: OutsideViewsDeps;

  constructor(deps: OutsideViewsDeps) {
    this.#deps = deps;
  }

  async invited(ask: Ask): Promise<RoomView | undefined> {
    const { room, member, told } = ask;
    if (told !== undefined && member.position <= told.at && !isInOtherLists(ask)) return undefined;
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

  /** Told once: the room's end, as its reader saw it, and what became of them since: who was kicked may have been banned, too. */
  async left(ask: Ask): Promise<RoomView | undefined> {
    const { member, told } = ask;
    if (told !== undefined && member.position <= told.at) return undefined;
    const { events, stays } = this.#deps.engine;
    const departure = await stays.departureOf(member);
    const own = await ownEventOf(events, member);
    return isNews(ask, departure) ? this.#stay(ask, departure, own) : this.#ownEvent(ask, own);
  }

  async #stay(ask: Ask, departure: Departure, own: StoredEvent | undefined): Promise<RoomView> {
    const { engine, states, facts } = this.#deps;
    const { room, told, config } = ask;
    const { stay, since, prevBatch, ...shown } = await this.#timeline(ask, departure);
    const limited = shown.limited || (told !== undefined && since === undefined);
    const later = own && own.nid !== departure.event.nid ? [own] : [];
    const events = [...stay, ...later];
    const { reader, filter } = shown;
    const texts = await readerTextsOf(engine.presenter, { reader, events, withRelations: limited }, filter);
    const upTo = departure.event.position as Position;
    const after = await engine.stateLogs.at(room, upTo);
    const { wishes } = config;
    const window = { since, upTo, after, isGapless: !limited, wishes, toldWishes: wishes };
    const change = await states.change(room, window);
    const isInitial = since === undefined;
    const asker = { ...askerOf(ask, { isInitial, startsOver: limited }), isGone: true };
    const lazy = isLazy(wishes) ? await facts.lazyMembers(asker, { shown: stay, change, after }) : [];
    const state = [...change.events, ...lazy].map((event) => later.find(isOfKeyOf(event)) ?? event);
    const live = liveAmong(events, ask.since);
    return {
      answer: {
        ...leaving(ask.member),
        isInitial,
        isDm: dmNewsOf(ask.isDm, isInitial ? undefined : told),
        ...(await facts.summary(asker, change, after)),
        state: await engine.clientEvents.shared(state),
        timeline: { text: texts.join(','), limited, prevBatch, live, isExpanded: false },
      },
      ...NOTHING_KEPT,
    };
  }

  /** What its reader saw of the room last. `since`: from where on, if they were told of this stay before. */
  async #timeline(ask: Ask, { event: end, join }: Departure) {
    const { engine, readers, timelines } = this.#deps;
    const { room, viewer, told } = ask;
    const wasThere = told !== undefined && (await wasJoinedBefore(engine.events, join, told.at));
    const since = wasThere ? told.at : undefined;
    const { filter } = viewOf(ask, since);
    const reader = await readers.of(viewer, { room, until: end.ord });
    const window = { after: since, upTo: end.position as Position, lastOrd: end.ord };
    const { events, limited, prevBatch } = await timelines.read(room, window, { filter, ignored: reader.ignored });
    const seen = new Set(await reader.sight.see(events));
    const stay = events.filter((event) => seen.has(event) || event.nid === end.nid);
    return { stay, since, limited, prevBatch, reader, filter };
  }

  /** Who never was there sees of the room only what became of themselves: nothing, where a join was taken back. */
  async #ownEvent(ask: Ask, own: StoredEvent | undefined): Promise<RoomView> {
    const { readers, engine } = this.#deps;
    const reader = await readers.of(ask.viewer, { room: ask.room });
    const { filter } = viewOf(ask, undefined);
    const told = { reader, events: own ? [own] : [], withRelations: false };
    const texts = await readerTextsOf(engine.presenter, told, filter);
    // An invitation that was declined, say, to a room of which this server knows nothing else.
    const prevBatch = own?.ord === undefined ? undefined : timelineToken(own.ord - 1);
    // Such an event has no position of its own.
    const live = ask.since !== undefined && ask.member.position > ask.since ? texts.length : 0;
    const timeline = { text: texts.join(','), limited: false, prevBatch, live, isExpanded: false };
    const stripped = isOfOutsider(ask)
      ? await this.#deps.invited.stripped(asOfEnd(ask), ask.room, ask.member)
      : undefined;
    const state = own ? texts : [leaveText(ask.viewer.userId, ask.room.roomId)];
    return {
      answer: { ...leaving(ask.member), isInitial: false, stripped, state, timeline },
      ...NOTHING_KEPT,
    };
  }
}

/** Whether it ended since the room was told last, and there is something of it to tell. */
const isNews = ({ told, room }: Ask, departure: Departure | undefined): departure is Departure =>
  (departure?.event.position ?? -1) > (told?.at ?? -1) && room.head !== undefined;

/** Whether all that is known of the room is that one was invited, or asked to be let in. */
const isOfOutsider = ({ told }: Ask): boolean => told === undefined || told.standing === 'outside';

/** What the room has become since is not for them to know. */
const asOfEnd = ({ member }: Ask): Pick<Ask, 'upTo'> => ({ upTo: member.position });

/** Who comes into the room later has it all to learn. */
const NOTHING_KEPT = { limit: 0, members: [], startsOver: true, shown: [] } as const;

const leaving = ({ membership, position }: Member) => ({ membership, bump: position });

const isOfKeyOf =
  ({ keyNumber }: StoredEvent) =>
  (other: StoredEvent): boolean =>
    other.keyNumber === keyNumber;

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

import type { UserId } from '@holm/spec/ids';
import { membershipOf } from '../../core/events/content.ts';
import { stickinessOf } from '../../core/events/sticky.ts';
import { filterInTurns } from '../../platform/turns.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { Readers } from '../../rooms/timeline/readers.ts';
import type { Member, SnapshotId, StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { RoomNews } from '../../streams/sync-part.ts';
import { timelineToken } from '../../streams/tokens.ts';
import { filterable, readerTextsOf, senderTextsOf, textsOf } from './event-texts.sync.ts';
import { eventsOf, type JsonText, objectOf } from './json-text.ts';
import type { LazyMembers } from './lazy-members.sync.ts';
import { ephemeralOf, roomAccountDataOf } from './loose-events.sync.ts';
import { hasStayed, ownStateAt } from './standing.sync.ts';
import type { Delta, StateDeltas } from './state-deltas.sync.ts';
import { StuckEvents } from './stuck-events.sync.ts';
import type { Summaries, Summary } from './summaries.sync.ts';
import { isSameForAll, type Stretch, type Timelines, timelineText, type Window, wishOf } from './timelines.sync.ts';
import { unknownMembers } from './unknown-members.sync.ts';
import type { View } from './view.sync.ts';
import type { UnreadEvents } from '../notifications/index.ts';
import { isCountNews, unreadTexts } from './unread.sync.ts';
import type { Position } from '../../streams/stream.ts';

export interface JoinedRoomsDeps {
  readonly engine: RoomEngine;
  readonly readers: Readers;
  readonly timelines: Timelines;
  readonly deltas: StateDeltas;
  readonly summaries: Summaries;
  readonly lazyMembers: LazyMembers;
  readonly unread: Pick<UnreadEvents, 'of'>;
}

export interface Shown {
  readonly events: readonly StoredEvent[];
  readonly texts: readonly JsonText[];
  /** All of them together. */
  readonly text: JsonText;
  readonly limited: boolean;
  readonly prevBatch: string;
}

interface Cut {
  readonly stretch: Stretch;
  readonly limited: boolean;
}

interface Told {
  readonly events: readonly StoredEvent[];
  /** Absent for those that everybody gets. */
  readonly texts?: readonly JsonText[];
}

interface About {
  readonly member: Member;
  /** They have all of the room to learn. */
  readonly isNew: boolean;
  readonly news: RoomNews | undefined;
  /** The reader's rules may have changed since this position of the stream of account data. */
  readonly rulesSince: Position | undefined;
}

/** What a sync says of a room that its user is in. */
export class JoinedRooms {
  readonly #deps: JoinedRoomsDeps;

  readonly #stuck: StuckEvents;

  constructor(deps: JoinedRoomsDeps) {
    this.#deps = deps;
    this.#stuck = new StuckEvents(deps.engine, deps.readers);
  }

  /** Whether the user came into the room since the position that they know: they have it all to learn. */
  async isNew(view: View, member: Member): Promise<boolean> {
    return view.after === undefined || !(await hasStayed(this.#deps.engine, member, view.after));
  }

  /** Nothing if there is no news. */
  async section(view: View, room: Room, more: About) {
    const { deltas, summaries } = this.#deps;
    const after = more.isNew ? undefined : view.after;
    const visible = await this.timeline(view, room, more);
    const stateAfter = view.fullState ? undefined : after;
    const lazy = view.filter.room.state.lazyLoadMembers;
    const knewMembersAt = await this.#lastSight(view, more);
    const field = view.stateField;
    const window = { after: stateAfter, upTo: view.upTo, timeline: visible.events, field, knewMembersAt };
    const delta = await deltas.get(room, window, { withMembers: !lazy });
    const shown = withoutFirst(visible, delta.overtaken);
    const isRenamed = await summaries.isRenamed(room, view.upTo, [...delta.events, ...shown.events]);
    const summary = await this.#summary(view, room, { after: stateAfter, isRenamed });
    const state = await this.#state(view, room, { delta, summary, shown });
    const accountData = roomAccountDataOf(view.filter, room.roomId, more.news);
    const ephemeral = ephemeralOf(view.filter, room.roomId, more.news);
    const sticky = await this.#sticky(view, room, { after, shown });
    const unread = await this.#deps.unread.of(view.viewer.userId, room);
    const isNews =
      shown.events.length + state.length + accountData.length + ephemeral.length + Object.keys(sticky).length > 0 ||
      summary !== undefined ||
      isCountNews(unread, view, more);
    if (!isNews && stateAfter !== undefined && !shown.limited) return undefined;
    return objectOf({
      summary: summary?.text,
      [view.stateField]: eventsOf(state),
      timeline: timelineText(shown.text, shown),
      ephemeral: eventsOf(ephemeral),
      account_data: eventsOf(accountData),
      ...unreadTexts(unread.counts, view),
      ...sticky,
    });
  }

  /** Until when somebody who goes on from a token was told of the members of the room. */
  async #lastSight({ after }: View, { isNew, member }: About): Promise<Position | undefined> {
    if (after === undefined || !isNew) return after;
    const { engine } = this.#deps;
    const then = await ownStateAt(engine, member, after);
    if (!then || membershipOf(then.event) === 'join') return then && after;
    return (await engine.stays.departureOf({ ...member, eventNid: then.nid }))?.event.position;
  }

  /** What sticks and is not in the timeline, whatever its reader may see of history: sections by what they are called. */
  async #sticky(
    view: View,
    room: Room,
    { after, shown }: { readonly after: View['after']; readonly shown: Shown },
  ): Promise<Record<string, JsonText>> {
    const { engine } = this.#deps;
    const stuck = engine.sticky.between(room.nid, after, view.upTo);
    if (stuck.length === 0) return {};
    const inTimeline = new Set(shown.events.map(({ nid }) => nid));
    const events = await this.#stuck.shownTo(view.viewer, room, { stuck, shown: inTimeline });
    const texts = await senderTextsOf(engine.clientEvents, events, view);
    const sections: Record<string, JsonText[]> = {};
    for (const [i, { event }] of events.entries()) {
      const field = stickinessOf(event.pdu)?.field;
      if (field !== undefined) (sections[field] ??= []).push(texts[i] ?? '');
    }
    return Object.fromEntries(Object.entries(sections).map(([field, all]) => [field, eventsOf(all)]));
  }

  async #summary(
    { upTo, viewer }: View,
    room: Room,
    { after, isRenamed }: { readonly after: View['after']; readonly isRenamed: boolean },
  ): Promise<Summary | undefined> {
    const { engine, summaries } = this.#deps;
    const mayBeNew = after === undefined || isRenamed || engine.memberChanges.mayHaveChanged(room.nid, after);
    if (!mayBeNew) return undefined;
    const now = await engine.stateLogs.at(room, upTo);
    // After a restart nobody knows who changed; where the state did not, nobody did.
    const isUnchanged = !isRenamed && after !== undefined && (await engine.stateLogs.at(room, after)) === now;
    return isUnchanged ? undefined : summaries.get(room, viewer.userId, now);
  }

  /** Of the room's newest events those that are news to the reader, as they see them. */
  async timeline(view: View, room: Room, { isNew, member }: Pick<About, 'isNew' | 'member'>): Promise<Shown> {
    const { upTo } = view;
    const window = { after: isNew ? undefined : view.after, upTo };
    const stretch = await this.#stretch(view, room, window);
    // Who comes back has an older timeline of the room, which the new one does not continue.
    const limited = stretch.limited || (isNew && view.after !== undefined);
    const tell = isPlain(stretch, member) ? this.#plain : this.#read;
    const told = await tell.call(this, view, room, { stretch, limited });
    const { events, texts = stretch.texts } = told;
    const text = told.texts ? texts.join(',') : stretch.text;
    return { events, texts, text, limited, prevBatch: stretch.prevBatch };
  }

  /** The same for everybody, but for whom there is to be left out what others are told. */
  async #stretch({ filter, viewer }: View, room: Room, window: Window): Promise<Stretch> {
    const { engine, readers, timelines } = this.#deps;
    if (isSameForAll(filter)) {
      const shared = await timelines.get(room, window, filter);
      if (shared.senders.isDisjointFrom(await readers.ignoredBy(viewer.userId))) return shared;
    }
    return timelines.read(room, window, wishOf(engine, await readers.of(viewer, { room }), filter));
  }

  /** For somebody who was there all the time: as everybody sees it, but for who said something, and for what is said about it. */
  async #plain(view: View, room: Room, { stretch, limited }: Cut): Promise<Told> {
    const { engine, readers } = this.#deps;
    const { events, senders } = stretch;
    if (events.length === 0) return { events };
    const reader = limited ? await readers.of(view.viewer, { room }) : undefined;
    const relations = reader && (await engine.presenter.relationsOf(reader, events));
    if (!senders.has(view.viewer.userId) && (relations?.size ?? 0) === 0) return { events };
    return { events, texts: await senderTextsOf(engine.clientEvents, events, { ...view, relations }) };
  }

  async #read(view: View, room: Room, { stretch, limited }: Cut): Promise<Told> {
    const { engine, readers } = this.#deps;
    const { filter, viewer } = view;
    if (stretch.events.length === 0) return { events: stretch.events };
    const reader = await readers.of(viewer, { room });
    const events = stretch.isOpen ? stretch.events : await reader.sight.see(stretch.events);
    return { events, texts: await readerTextsOf(engine.presenter, { reader, events, withRelations: limited }, filter) };
  }

  async #state(
    view: View,
    room: Room,
    { delta, summary, shown }: { delta: Delta; summary: Summary | undefined; shown: Shown },
  ): Promise<JsonText[]> {
    const { filter } = view;
    const lazy = filter.room.state.lazyLoadMembers
      ? await this.#lazyMembers(view, room, { delta, heroes: summary?.heroes ?? [], timeline: shown.events })
      : [];
    if (delta.events.length + lazy.length === 0) return [];
    const isWanted = ({ event }: StoredEvent) => filter.room.state.event(filterable(event));
    const wanted = await filterInTurns([...delta.events, ...lazy], isWanted);
    return textsOf(this.#deps.engine.clientEvents, wanted, filter);
  }

  /** Members that the reader needs to make sense of what is shown, and does not know. */
  async #lazyMembers(
    view: View,
    room: Room,
    { delta, heroes, timeline }: { delta: Delta; heroes: readonly UserId[]; timeline: readonly StoredEvent[] },
  ): Promise<readonly StoredEvent[]> {
    const { lazyMembers } = this.#deps;
    const { viewer, after, upTo, filter } = view;
    const isWanted = ({ event }: StoredEvent) => filter.room.state.event(filterable(event));
    const told = new Set(delta.events.flatMap(memberOf));
    // Whoever takes the state from the timeline too learns of members there, as long as they join before they speak.
    const inTimeline = new Set<UserId>();
    const isKnown =
      delta.isWhole || after === undefined || filter.room.state.includeRedundantMembers
        ? () => false
        : lazyMembers.knows(viewer, room.nid, after);
    const needed = new Set<UserId>();
    const need = (user: UserId) => {
      if (!told.has(user) && !inTimeline.has(user) && !isKnown(user)) needed.add(user);
    };
    if (delta.isWhole) need(viewer.userId);
    for (const hero of heroes) need(hero);
    for (const event of timeline) {
      if (view.stateField === 'state') for (const member of memberOf(event)) inTimeline.add(member);
      need(event.event.sender);
    }
    const members = await this.#membersOf(room, { needed, target: delta.target, timeline });
    const nowKnown = [...[...delta.events, ...members].filter(isWanted).flatMap(memberOf), ...inTimeline];
    lazyMembers.tell(viewer, room.nid, { members: nowKnown, at: upTo, isWhole: delta.isWhole });
    return members;
  }

  async #membersOf(
    room: Room,
    { needed, target, timeline }: { needed: ReadonlySet<UserId>; target: SnapshotId; timeline: readonly StoredEvent[] },
  ): Promise<StoredEvent[]> {
    const { engine, deltas } = this.#deps;
    const inState = await deltas.members(room, target, needed);
    const unknown = needed.difference(new Set(inState.flatMap(memberOf)));
    return [...inState, ...(await unknownMembers(engine, room, { timeline, unknown }))];
  }
}

/** Whether somebody who is in the room has been there all the time, and sees all of it. */
export const isPlain = ({ events: [first], isOpen, isStraight }: Stretch, member: Member): boolean =>
  isOpen && isStraight && member.position < (first?.position ?? 0);

const memberOf = ({ event }: StoredEvent): UserId[] =>
  event.type === 'm.room.member' && event.stateKey !== undefined ? [event.stateKey as UserId] : [];

/** The rest of it, behind a cut. */
const withoutFirst = (shown: Shown, count: number): Shown => {
  if (count === 0) return shown;
  const texts = shown.texts.slice(count);
  const prevBatch = timelineToken(shown.events[count - 1]?.ord ?? 0);
  return { events: shown.events.slice(count), texts, text: texts.join(','), limited: true, prevBatch };
};

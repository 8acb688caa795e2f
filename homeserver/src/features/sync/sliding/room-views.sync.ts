import type { UserId } from '@holm/spec/ids';
import { compileFilter, type Filter } from '../../../core/filters/filter.ts';
import { isState } from '../../../core/events/event.ts';
import type { Caller } from '../../../http/route.ts';
import type { RoomEngine } from '../../../rooms/engine.ts';
import type { EventNid, Member, SnapshotId, StoredEvent } from '../../../rooms/model.ts';
import type { Room } from '../../../rooms/room.ts';
import type { Position } from '../../../streams/stream.ts';
import type { UnreadEvents } from '../../notifications/index.ts';
import type { JoinedRooms, Shown } from '../joined-rooms.sync.ts';
import type { View } from '../view.sync.ts';
import type { Told } from './connection.ts';
import type { RoomAnswer, RoomTimeline } from './room-answer.ts';
import { type Asker, membersOf, type RoomFacts } from './room-facts.sync.ts';
import type { RoomStates, StateChange } from './room-state.sync.ts';
import type { RoomConfig } from './request.ts';
import { isLazy } from './state-wish.ts';

/** What has been told of a room, and up to where of the stream of events. */
export interface Known extends Told {
  readonly at: Position;
}

/** What is asked about a room, and by whom. */
export interface Ask {
  readonly viewer: Caller;
  readonly room: Room;
  readonly member: Member;
  readonly bump: number;
  readonly isDm: boolean;
  /** What has been told; absent for somebody to whom the room is new. */
  readonly told: Known | undefined;
  /** As `told`; but of who has come back, too, what they were told before they left. */
  readonly before: Known | undefined;
  readonly config: RoomConfig;
  readonly toldConfig: RoomConfig | undefined;
  /** Up to where the answer before went; absent for the first one. */
  readonly since: Position | undefined;
  readonly upTo: Position;
  readonly knowsMember: (user: UserId) => boolean;
  /** The reader has read on: the counts of what they have not read are news. */
  readonly isRead: boolean;
}

export interface RoomView {
  readonly answer: RoomAnswer;
  /** How many of the newest events are known now; see `Told.limit`. */
  readonly limit: number;
  readonly members: readonly UserId[];
  /** Members that were told before may be others by now, without having been told of again. */
  readonly startsOver: boolean;
  /** What is in the timeline. */
  readonly shown: readonly EventNid[];
}

interface Timeline {
  readonly shown: Shown;
  /** Older events than before are among it. */
  readonly isExpanded: boolean;
}

export interface RoomViewsDeps {
  readonly engine: RoomEngine;
  readonly joined: JoinedRooms;
  readonly facts: RoomFacts;
  readonly states: RoomStates;
  readonly unread: Pick<UnreadEvents, 'of'>;
}

const MAX_LIMIT = 100;
const filters = new Map<number, Filter>();

/** The same object for the same number: what is put together for one reader serves all that ask for the same. */
export const limitFilter = (wanted: number): Filter => {
  const limit = Math.min(wanted, MAX_LIMIT);
  const known = filters.get(limit) ?? compileFilter({ room: { timeline: { limit } } });
  filters.set(limit, known);
  return known;
};

/** What is told of a room that its reader is in. */
export class RoomViews {
  readonly #deps: RoomViewsDeps;

  constructor(deps: RoomViewsDeps) {
    this.#deps = deps;
  }

  /** Nothing if there is no news. */
  async joined(ask: Ask): Promise<RoomView | undefined> {
    // Of a room that is new there is news: what has not been read of it is counted meanwhile.
    const counting = ask.told === undefined && this.#deps.unread.of(ask.viewer.userId, ask.room);
    const [view] = await Promise.all([this.#joined(ask), counting]);
    return view;
  }

  async #joined(ask: Ask): Promise<RoomView | undefined> {
    const timeline = await this.#timeline(ask);
    const isSaidOnly = isAllThatIsNew(ask, timeline) && isAsBefore(ask, this.#deps.engine);
    return isSaidOnly ? this.#said(ask, timeline.shown) : this.#changed(ask, timeline);
  }

  async #changed(ask: Ask, { shown, isExpanded }: Timeline): Promise<RoomView | undefined> {
    const { engine, facts } = this.#deps;
    const after = await engine.stateLogs.at(ask.room, ask.upTo);
    const isGapless = !shown.limited || isExpanded;
    const change = await this.#change(ask, after, isGapless);
    const startsOver = isStartingOver(ask, change, { isGap: shown.limited && !isExpanded });
    const isInitial = ask.told === undefined;
    const asker = askerOf(ask, { isInitial, startsOver });
    const summary = await facts.summary(asker, change, after);
    const told = { shown: shown.events, heroes: summary.heroes, change, after };
    const lazy = isLazy(ask.config.wishes) ? await facts.lazyMembers(asker, told) : [];
    const state = [...change.events, ...lazy];
    const isNews = isExpanded || shown.limited || shown.events.length > 0 || state.length > 0;
    if (!isNews && !isOtherwiseNews(ask, change)) return undefined;
    const answer: RoomAnswer = {
      membership: 'join',
      isInitial,
      bump: ask.bump,
      isDm: dmNewsOf(ask.isDm, ask.told),
      unread: (await this.#deps.unread.of(ask.viewer.userId, ask.room)).counts.main,
      ...summary,
      state: await engine.clientEvents.shared(state),
      gone: change.gone,
      timeline: timelineOf(ask, shown, isExpanded),
    };
    return {
      answer,
      limit: knownAfter(ask, shown, isExpanded),
      members: state.flatMap(membersOf),
      startsOver,
      shown: shown.events.map(({ nid }) => nid),
    };
  }

  /** Most of what is told, and to many at once: somebody has said something. */
  async #said(ask: Ask, shown: Shown): Promise<RoomView> {
    const answer: RoomAnswer = {
      membership: 'join',
      isInitial: false,
      bump: ask.bump,
      unread: (await this.#deps.unread.of(ask.viewer.userId, ask.room)).counts.main,
      timeline: timelineOf(ask, shown, false),
    };
    const limit = knownAfter(ask, shown, false);
    return { answer, limit, members: [], startsOver: false, shown: shown.events.map(({ nid }) => nid) };
  }

  #change({ room, told, upTo, config, toldConfig }: Ask, after: SnapshotId, isGapless: boolean): Promise<StateChange> {
    const { wishes } = config;
    const toldWishes = toldConfig?.wishes ?? wishes;
    return this.#deps.states.change(room, { since: told?.at, upTo, after, wishes, toldWishes, isGapless });
  }

  /** What is new; with older events, where more are asked for than before and what is new does not make up for it. */
  async #timeline(ask: Ask): Promise<Timeline> {
    const { told } = ask;
    const shown = await this.#timelineSince(ask, { after: ask.before?.at, isNew: told === undefined });
    const hasEnough = told === undefined || limitOf(ask) <= told.limit;
    if (hasEnough || shown.limited || shown.events.length >= limitOf(ask)) return { shown, isExpanded: false };
    return { shown: await this.#timelineSince(ask, { after: undefined, isNew: true }), isExpanded: true };
  }

  /** Who comes back has it all to learn, and a gap before it: clients look up members anew then, not all of whom are told. */
  #timelineSince(
    ask: Ask,
    { after, isNew }: { readonly after: Position | undefined; readonly isNew: boolean },
  ): Promise<Shown> {
    const { room, member } = ask;
    return this.#deps.joined.timeline(viewOf(ask, after), room, { member, isNew });
  }
}

/** `startsOver`: whom the reader knew before they do not know any more. */
export const askerOf = (
  { room, viewer, knowsMember }: Ask,
  { isInitial, startsOver }: { readonly isInitial: boolean; readonly startsOver: boolean },
): Asker => ({
  room,
  userId: viewer.userId,
  isInitial,
  isGone: false,
  knowsMember: startsOver ? () => false : knowsMember,
});

const limitOf = ({ config }: Ask): number => Math.min(config.timelineLimit, MAX_LIMIT);

/**
 * Of members who changed in a gap, or while nobody asked for members as they are needed, nothing is told until they are: not
 * even of those whom the reader knows.
 */
const isStartingOver = (
  { told, config }: Ask,
  { hasNewMembers }: StateChange,
  { isGap }: { isGap: boolean },
): boolean => told === undefined || (hasNewMembers && (isGap || !isLazy(config.wishes)));

/** Whether its timeline is all that there is to tell of a room. Wrong only in saying no. */
const isAllThatIsNew = (ask: Ask, { shown: { events, limited }, isExpanded }: Timeline): boolean => {
  if (limited || isExpanded || events.length === 0) return false;
  const { config } = ask;
  const isKnown = isLazy(config.wishes) ? ask.knowsMember : () => true;
  return events.every(({ event }) => !isState(event) && isKnown(event.sender));
};

/** Whether neither what is asked for nor the room's state is any other than what has been told. */
const isAsBefore = (
  { told, toldConfig, config, isDm, room }: Ask,
  { stateRedactions }: Pick<RoomEngine, 'stateRedactions'>,
): boolean =>
  told?.isDm === isDm &&
  toldConfig === config &&
  room.stateLog.isStillSince(told.at) &&
  !stateRedactions.mayBeAny(room.nid, told.at);

/** What is said of a room beside its timeline and its state. */
const isOtherwiseNews = (ask: Ask, { gone, changed, hasNewMembers }: StateChange): boolean =>
  ask.told?.isDm !== ask.isDm ||
  ask.isRead ||
  hasNewMembers ||
  gone.length > 0 ||
  changed.some(isFact) ||
  isInOtherLists(ask);

/** Whether other lists have it than those that were told. */
export const isInOtherLists = ({ toldConfig, config }: Pick<Ask, 'toldConfig' | 'config'>): boolean =>
  String(toldConfig?.lists) !== String(config.lists);

const isFact = ({ event }: StoredEvent): boolean => event.type === 'm.room.name' || event.type === 'm.room.avatar';

/** Of a room that is new, only yes is said. */
export const dmNewsOf = (isDm: boolean, told: Told | undefined): boolean | undefined => {
  if (told === undefined) return isDm || undefined;
  return told.isDm === isDm ? undefined : isDm;
};

export const viewOf = ({ viewer, upTo, config }: Ask, after: Position | undefined): View => ({
  viewer,
  filter: limitFilter(config.timelineLimit),
  after,
  upTo,
  fullState: false,
  stateField: 'state_after',
});

/** Live is what has happened since the answer before, which may have had nothing of the room: its older events are not. */
const timelineOf = (ask: Ask, shown: Shown, isExpanded: boolean): RoomTimeline => ({
  text: shown.text,
  limited: shown.limited,
  prevBatch: shown.prevBatch,
  live: liveAmong(shown.events, ask.since),
  isExpanded,
});

export const liveAmong = (events: readonly StoredEvent[], since: Position | undefined): number =>
  since === undefined ? 0 : events.filter(({ position }) => (position ?? 0) > since).length;

/** How many of the newest events are known, without a gap, once this has been told. */
const knownAfter = (ask: Ask, { limited }: Shown, isExpanded: boolean): number => {
  const { told } = ask;
  const limit = limitOf(ask);
  if (told === undefined || isExpanded) return limited ? limit : Infinity;
  return limited ? limit : Math.max(told.limit, limit);
};

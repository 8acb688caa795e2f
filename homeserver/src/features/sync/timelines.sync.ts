import type { UserId } from '@holm/spec/ids';
import { historyVisibilityOf } from '../../core/events/content.ts';
import type { RoomEventFilter } from '../../core/filters/event-filter.ts';
import type { Filter } from '../../core/filters/filter.ts';
import { isExpired } from '../../core/rooms/retention.ts';
import { stateKey } from '../../core/state/state-key.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { StoredEvent } from '../../rooms/model.ts';
import type { Reader } from '../../rooms/relations/bundles.ts';
import type { Room } from '../../rooms/room.ts';
import { isWelcome } from '../../rooms/timeline/readers.ts';
import type { Position } from '../../streams/stream.ts';
import { timelineToken } from '../../streams/tokens.ts';
import { filterable, memberTextsOf } from './event-texts.sync.ts';
import type { JsonText } from './json-text.ts';
import { KeptStretches, type Newest } from './kept-stretches.sync.ts';

export interface Window {
  /** Exclusive; absent for the room's newest events. */
  readonly after: Position | undefined;
  readonly upTo: Position;
  /** The number of the last event, where that is known to be long ago. */
  readonly lastOrd?: number | undefined;
}

/** What a reader wants of it. */
export interface Wish {
  readonly filter: Filter;
  readonly ignored?: ReadonlySet<UserId> | undefined;
  /** Of events those about which others have said what the filter asks for; absent where it asks for nothing of the kind. */
  readonly related?: ((events: readonly StoredEvent[]) => Promise<readonly StoredEvent[]>) | undefined;
}

/** A stretch of a room's timeline. It is the same for everybody who asks for it. */
export interface Stretch {
  /** Oldest first. */
  readonly events: readonly StoredEvent[];
  /** Of each event, as anyone but its sender sees it who has been in the room all the time. */
  readonly texts: readonly JsonText[];
  /** `texts` put together. */
  readonly text: JsonText;
  readonly senders: ReadonlySet<UserId>;
  /** There are more events after `after` than these. */
  readonly limited: boolean;
  readonly prevBatch: string;
  /** Whoever is in the room may see all of it, and what its state events replaced. */
  readonly isOpen: boolean;
  /** Its events follow each other in the room as they do here: who was in the room before it was so throughout. */
  readonly isStraight: boolean;
}

const LIMIT = { fallback: 10, maximum: 100 };
/** Events that are read at a time, and at most, when a filter lets few of them through. */
const PAGE = 100;
const IN_MEMORY = 50;
const MAX_SCANNED = 2_000;
const NOBODY: ReadonlySet<UserId> = new Set();
const VISIBILITY = ['m.room.history_visibility', ''] as const;

/** How many of a room's newest events are looked at for a first answer: one more than are shown, to see if there are. */
export const wantedEvents = (filter: Filter): number => Math.min(filter.room.timeline.limit(LIMIT) + 1, IN_MEMORY);

/** Computes stretches of timelines once for all readers that a message wakes. */
export class Timelines {
  readonly #engine: RoomEngine;
  readonly #kept = new KeptStretches<Stretch>();

  constructor(engine: RoomEngine) {
    this.#engine = engine;
  }

  async get(room: Room, window: Window, filter: Filter): Promise<Stretch> {
    const [newest] = await this.#engine.timeline.newest(room, 1);
    // Readers that look at less than everything are few, and only while something is being written.
    if ((newest?.position ?? 0) > window.upTo) return this.read(room, window, { filter });
    const { after } = window;
    return this.#kept.get(this.#newestOf(room, newest), { filter, after }, () => this.read(room, window, { filter }));
  }

  /** As `get`, if somebody has asked for it before. */
  atHand(room: Room, { after, upTo }: Window, filter: Filter): Stretch | undefined {
    const newest = this.#engine.timeline.atHand(room);
    if (!newest || (newest.position ?? 0) > upTo) return undefined;
    return this.#kept.atHand(this.#newestOf(room, newest), { filter, after });
  }

  /** As `get`, without keeping it; and without what ignored users say, in whose place older events are taken. */
  async read(room: Room, window: Window, wish: Wish): Promise<Stretch> {
    const { filter } = wish;
    const { events, limited, end } = await this.#collect(room, window, wish);
    const texts = await memberTextsOf(this.#engine.clientEvents, events, filter);
    const first = events[0]?.ord ?? end + 1;
    return {
      events,
      texts,
      text: texts.join(','),
      senders: new Set(events.map(({ event }) => event.sender)),
      limited,
      prevBatch: timelineToken(first - 1),
      isOpen: await this.#isOpen(room, events),
      isStraight: events.every((event) => followsFromCurrent(room, event)),
    };
  }

  #newestOf({ nid }: Room, newest: StoredEvent | undefined): Newest {
    return { room: nid, end: newest?.ord ?? 0, moment: this.#engine.clientEvents.moment };
  }

  async #collect(room: Room, window: Window, wish: Wish): Promise<Gathering> {
    const { timeline } = this.#engine;
    const gathering = new Gathering(window, wish);
    const wanted = wish.filter.room.timeline;
    const isNothingWanted = wanted.isEmpty || !wanted.room(room.roomId);
    // Whatever is in memory comes first, however few events are wanted; what is older is read in pages.
    await timeline.newest(room, 1);
    let batch = await this.#from(room, window.lastOrd);
    let scanned = 0;
    while (batch.length > 0) {
      await gathering.look(batch);
      if (!batch.every((event) => gathering.take(event)) || isNothingWanted) return gathering;
      const oldest = batch.at(-1);
      if (oldest?.ord === undefined || oldest.event.type === 'm.room.create') return gathering;
      scanned += batch.length;
      if (scanned > MAX_SCANNED) return gathering.cutShort();
      batch = await timeline.page(room, { from: oldest.ord, direction: 'back', limit: PAGE });
    }
    // A room that was joined through another server began before what we have of it.
    return window.after === undefined ? gathering.cutShort() : gathering;
  }

  async #from(room: Room, lastOrd = Infinity): Promise<readonly StoredEvent[]> {
    const tail = room.tail.newest(PAGE);
    const isInTail = (tail[0]?.ord ?? 0) <= lastOrd;
    return isInTail
      ? tail.toReversed()
      : this.#engine.timeline.page(room, { from: lastOrd + 1, direction: 'back', limit: PAGE });
  }

  async #isOpen(room: Room, events: readonly StoredEvent[]): Promise<boolean> {
    const { events: stored, states, retention } = this.#engine;
    const horizon = await retention.horizon(room);
    if (events.some(({ status, event }) => status !== 'accepted' || isExpired(event, horizon))) return false;
    const replaced = await stored.load(events.flatMap(({ replaces }) => replaces ?? []));
    const snapshots = new Set(events.map(({ snapshot }) => snapshot));
    if (snapshots.has(undefined)) return false;
    for (const { snapshot } of replaced.values()) snapshots.add(snapshot);
    const open = [...snapshots].map(async (snapshot) => {
      // State from before this server came into the room: its members know it.
      if (snapshot === undefined) return true;
      const view = await states.view(room, snapshot, [VISIBILITY]);
      const visibility = historyVisibilityOf(view.get(stateKey(...VISIBILITY))?.event.content);
      return visibility === 'shared' || visibility === 'world_readable';
    });
    return (await Promise.all(open)).every(Boolean);
  }
}

/** Whether the state before an event was the room's current one. No is the answer, too, where that is not at hand. */
const followsFromCurrent = ({ stateLog }: Room, { position, snapshot }: StoredEvent): boolean =>
  position !== undefined && stateLog.at((position - 1) as Position) === snapshot;

/** Takes in a timeline backwards until it has what is wanted. */
class Gathering {
  readonly #window: Window;
  readonly #filter: RoomEventFilter;
  readonly #ignored: ReadonlySet<UserId>;
  readonly #limit: number;
  readonly #relatedOf: Wish['related'];
  #related: ReadonlySet<StoredEvent> | undefined;
  readonly #newestFirst: StoredEvent[] = [];
  limited = false;
  /** The newest event of the window, wanted or not. */
  end = 0;
  /** The number of the oldest event that has been looked at. */
  #oldest: number | undefined;

  constructor(window: Window, { filter, ignored = NOBODY, related }: Wish) {
    this.#window = window;
    this.#ignored = ignored;
    this.#relatedOf = related;
    this.#filter = filter.room.timeline;
    this.#limit = this.#filter.limit(LIMIT);
  }

  get events(): readonly StoredEvent[] {
    return this.#newestFirst.toReversed();
  }

  /** Finds out what is not known from the events themselves, before they are taken. */
  async look(batch: readonly StoredEvent[]): Promise<void> {
    if (this.#relatedOf) this.#related = new Set(await this.#relatedOf(batch));
  }

  /** False when no older events are needed. */
  take(event: StoredEvent): boolean {
    // Events that were fetched as history were never new.
    const position = event.position ?? 0;
    if (position > this.#window.upTo) return true;
    if (this.#isBehindGap(event)) {
      this.limited = true;
      return false;
    }
    if (this.end === 0) this.end = event.ord ?? 0;
    this.#oldest = event.ord;
    if (position <= (this.#window.after ?? -1)) return false;
    if (!this.#isWanted(event)) return true;
    this.limited = this.#newestFirst.length === this.#limit;
    if (!this.limited) this.#newestFirst.push(event);
    return !this.limited;
  }

  #isWanted(event: StoredEvent): boolean {
    const isRelated = this.#related?.has(event) ?? true;
    return isRelated && this.#filter.event(filterable(event.event)) && isWelcome(event, this.#ignored);
  }

  /** Clients ask for what was missed, or fetched since, from where the timeline is cut: so that is where it was. */
  #isBehindGap({ ord, position }: StoredEvent): boolean {
    if (this.#oldest === undefined) return false;
    const isLate = position === undefined && this.#window.after !== undefined;
    return isLate || ord !== this.#oldest - 1;
  }

  cutShort(): this {
    this.limited = true;
    return this;
  }
}

/** As somebody in particular wants it. */
export const wishOf = ({ bundles }: Pick<RoomEngine, 'bundles'>, reader: Reader, filter: Filter): Wish => {
  const { relatedBy } = filter.room.timeline;
  return {
    filter,
    ignored: reader.ignored,
    related: relatedBy && ((events) => bundles.related(reader, events, relatedBy)),
  };
};

export const timelineText = (
  events: JsonText,
  { limited, prevBatch }: Pick<Stretch, 'limited' | 'prevBatch'>,
): JsonText => `{"events":[${events}],"limited":${limited},"prev_batch":${JSON.stringify(prevBatch)}}`;

/** Whether a filter leaves the same events to all who have it: what others have said about one, not everybody may see. */
export const isSameForAll = ({ room }: Filter): boolean => room.timeline.relatedBy === undefined;

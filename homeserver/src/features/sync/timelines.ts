import type { UserId } from '@holm/spec/ids';
import { historyVisibilityOf } from '../../core/events/content.ts';
import type { Filter } from '../../core/filters/filter.ts';
import { stateKey } from '../../core/state/state-key.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Position } from '../../streams/stream.ts';
import { timelineToken } from '../../streams/tokens.ts';
import { filterable, textsOf } from './event-texts.ts';
import type { JsonText } from './json-text.ts';

export interface Window {
  /** Exclusive; absent for the room's newest events. */
  readonly after: Position | undefined;
  readonly upTo: Position;
}

/** A stretch of a room's timeline. It is the same for everybody who asks for it. */
export interface Stretch {
  /** Oldest first. */
  readonly events: readonly StoredEvent[];
  /** Of each event, as anyone but its sender sees it. */
  readonly texts: readonly JsonText[];
  /** `texts` put together. */
  readonly text: JsonText;
  readonly senders: ReadonlySet<UserId>;
  /** There are more events after `after` than these. */
  readonly limited: boolean;
  readonly prevBatch: string;
  /** Whoever is in the room may see all of it. */
  readonly isOpen: boolean;
}

const LIMIT = { fallback: 10, maximum: 100 };
/** Events that are read at a time, and at most, when a filter lets few of them through. */
const PAGE = 100;
const MAX_SCANNED = 2_000;
/** Different stretches of one room that are kept, until its next event. */
const KEPT_PER_ROOM = 32;
const VISIBILITY = ['m.room.history_visibility', ''] as const;

interface Kept {
  readonly end: number;
  readonly stretches: Map<string, Promise<Stretch>>;
}

/** Computes stretches of timelines once for all readers that a message wakes. */
export class Timelines {
  readonly #engine: RoomEngine;
  readonly #kept = new WeakMap<Room, Kept>();
  readonly #filterNames = new WeakMap<Filter, number>();
  #filters = 0;

  constructor(engine: RoomEngine) {
    this.#engine = engine;
  }

  async get(room: Room, window: Window, filter: Filter): Promise<Stretch> {
    const newest = await this.#engine.timeline.newest(room, 1);
    const end = newest.at(-1)?.ord ?? 0;
    // Readers that look at less than everything are few, and only while something is being written.
    if ((newest.at(-1)?.position ?? 0) > window.upTo) return this.read(room, window, filter);
    const kept = this.#keptOf(room, end);
    const key = `${this.#nameOf(filter)} ${window.after ?? ''}`;
    const known = kept.stretches.get(key);
    if (known) return known;
    const stretch = this.read(room, window, filter);
    if (kept.stretches.size < KEPT_PER_ROOM) {
      kept.stretches.set(key, stretch);
      stretch.catch(() => kept.stretches.delete(key));
    }
    return stretch;
  }

  /** As `get`, without keeping it. */
  async read(room: Room, window: Window, filter: Filter): Promise<Stretch> {
    const { events, limited, end } = await this.#collect(room, window, filter);
    const texts = await textsOf(this.#engine.clientEvents, events, filter);
    const first = events[0]?.ord ?? end + 1;
    return {
      events,
      texts,
      text: texts.join(','),
      senders: new Set(events.map(({ event }) => event.sender)),
      limited,
      prevBatch: timelineToken(first - 1),
      isOpen: await this.#isOpen(room, events),
    };
  }

  #keptOf(room: Room, end: number): Kept {
    const known = this.#kept.get(room);
    if (known?.end === end) return known;
    const kept: Kept = { end, stretches: new Map() };
    this.#kept.set(room, kept);
    return kept;
  }

  #nameOf(filter: Filter): number {
    const known = this.#filterNames.get(filter);
    if (known !== undefined) return known;
    this.#filterNames.set(filter, ++this.#filters);
    return this.#filters;
  }

  async #collect(room: Room, { after = -1 as Position, upTo }: Window, filter: Filter) {
    const { timeline } = this.#engine;
    const limit = filter.room.timeline.limit(LIMIT);
    const found: StoredEvent[] = [];
    let end: number | undefined;
    let batch = (await timeline.newest(room, Math.min(limit + 1, PAGE))).toReversed();
    for (let scanned = 0; batch.length > 0; scanned += batch.length) {
      for (const event of batch) {
        if ((event.position ?? 0) > upTo) continue;
        end ??= event.ord;
        if ((event.position ?? 0) <= after) return result(found, { limited: false, end });
        if (!filter.room.timeline.event(filterable(event.event))) continue;
        if (found.length === limit) return result(found, { limited: true, end });
        found.push(event);
      }
      const oldest = batch.at(-1);
      if (scanned > MAX_SCANNED || oldest?.ord === undefined) return result(found, { limited: true, end });
      // A room that was joined through another server began before what we have of it.
      if (oldest.event.type === 'm.room.create') break;
      batch = await timeline.page(room, { from: oldest.ord, direction: 'back', limit: PAGE });
      if (batch.length === 0) return result(found, { limited: after < 0, end });
    }
    return result(found, { limited: false, end });
  }

  async #isOpen(room: Room, events: readonly StoredEvent[]): Promise<boolean> {
    const snapshots = new Set(events.map(({ snapshot }) => snapshot));
    for (const snapshot of snapshots) {
      if (snapshot === undefined) return false;
      const view = await this.#engine.states.view(room, snapshot, [VISIBILITY]);
      const visibility = historyVisibilityOf(view.get(stateKey(...VISIBILITY))?.event.content);
      if (visibility !== 'shared' && visibility !== 'world_readable') return false;
    }
    return true;
  }
}

const result = (
  newestFirst: readonly StoredEvent[],
  { limited, end }: { limited: boolean; end: number | undefined },
) => ({
  events: newestFirst.toReversed(),
  limited,
  end: end ?? 0,
});

export const timelineText = (
  events: JsonText,
  { limited, prevBatch }: Pick<Stretch, 'limited' | 'prevBatch'>,
): JsonText => `{"events":[${events}],"limited":${limited},"prev_batch":${JSON.stringify(prevBatch)}}`;
